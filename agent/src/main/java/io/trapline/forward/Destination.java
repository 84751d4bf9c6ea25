package io.trapline.forward;

import io.trapline.journal.Origin;
import java.util.List;

/// How one kind of receiver is spoken to. One thread at a time, except for [#close].
interface Destination extends AutoCloseable {

    /// Turns what was selected of a frame into items.
    void encode(Selected selected, Encoding out);

    /// What a request may have in bytes of items; one larger item goes alone.
    int maxBytes();

    /// An item beyond this is refused here, because the receiver certainly would.
    int maxItemBytes();

    /// Sends one request and waits for its answer.
    Delivery send(List<Item> items, Sequence sequence) throws InterruptedException;

    /// What was set aside, at its place in the sequence of those that are sent again.
    default Item again(AsideItem aside) {
        return new Item(aside.again(), 0, aside.payload(), values(aside.payload()));
    }

    /// How many values an item has that was kept as its bytes alone.
    default int values(byte[] payload) {
        return 1;
    }

    /// How many values a request has.
    static long values(List<Item> items) {
        return items.stream().mapToLong(Item::values).sum();
    }

    static Origin origin(List<Item> items, Sequence sequence) {
        Item last = items.getLast();
        return new Origin(sequence.sender(), last.position(), last.part());
    }

    @Override
    void close();
}
