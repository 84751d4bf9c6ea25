package io.trapline.forward;

import io.trapline.pipeline.BatchSender;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The names under which an output sends, each for a stretch of the journal; [SenderLife] tells
/// why. One thread at a time uses it.
final class SenderLives {
    /// A receiver that was put back to an earlier state is noticed as far back as this.
    private static final int REMEMBERED = 12;

    private final String base;
    private final String address;
    private final RandomGenerator random;
    private final String againAs;

    /// In the order of the journal; the last is for what is appended in this life.
    private final List<SenderLife> all = new ArrayList<>();

    private SenderLives(String base, String address, RandomGenerator random) {
        this.base = base;
        this.address = address;
        this.random = random;
        againAs = name() + "/again";
    }

    /// Begins a life: frames after `head` are its own. On disk before anything is sent.
    ///
    /// @param head the newest position
    /// @param address of the receiver: what another one acknowledged counts no more
    static SenderLives begin(
            ForwardDatabase database,
            String output,
            ForwardDatabase.Cursor cursor,
            long head,
            String address,
            RandomGenerator random)
            throws ForwardException {
        SenderLives lives = new SenderLives(cursor.sender(), address, random);
        long done = cursor.done().position();
        for (SenderLife life : database.lives(output)) {
            // The journal alone may have been put back, to before a life began.
            if (life.after() <= head) {
                lives.all.add(
                        life.address().equals(address)
                                ? life
                                : life.countingFrom(Math.max(done, life.after()), "", address));
            }
        }
        if (lives.all.isEmpty()) {
            lives.all.add(
                    SenderLife.begin(cursor.sender(), 0, address).countingFrom(done, "", address));
        }
        lives.takeAnotherName(head, done);
        database.moved(output, cursor.done(), cursor.tried(), lives.all());
        return lives;
    }

    private String name() {
        return SenderLife.name(base, HexFormat.of().toHexDigits(random.nextLong()));
    }

    /// What all names of this output have in common.
    String base() {
        return base;
    }

    /// The name for what is sent again of what was set aside.
    String againAs() {
        return againAs;
    }

    List<SenderLife> all() {
        return all;
    }

    /// Takes another name for what comes after `after`.
    ///
    /// @param done before that position nothing has to be sent any more
    void takeAnotherName(long after, long done) {
        all.removeIf(life -> life.after() >= after && life.after() > 0);
        all.add(SenderLife.begin(name(), after, address));
        int spare = all.size() - REMEMBERED;
        for (int i = 0; i < all.size() - 1; ) {
            // The frame at `done` itself may be dealt with in part.
            boolean needed = all.get(i + 1).after() >= done;
            boolean hasFrames = all.get(i + 1).after() > all.get(i).after();
            boolean mayBeAsked = (hasFrames || all.get(i).hasAcknowledged()) && i >= spare;
            if (needed || mayBeAsked) {
                i++;
            } else {
                all.remove(i);
                spare--;
            }
        }
    }

    private int index(long position) {
        int index = all.size() - 1;
        while (index > 0 && all.get(index).after() >= position) {
            index--;
        }
        return index;
    }

    /// The name of what stands at `position`.
    String name(long position) {
        return all.get(index(position)).sender();
    }

    /// Whether what stands at `position` was appended in this life, so that no other one has sent
    /// it.
    boolean isOwn(long position) {
        return index(position) == all.size() - 1;
    }

    /// @param position the last of those that were acknowledged
    /// @param receiver the identity of the receiver's journal, empty when it does not say
    /// @return what another journal of the receiver had acknowledged before, when it is another one
    Optional<SenderLife> acknowledged(String sender, long position, int items, String receiver) {
        Optional<SenderLife> found = find(sender);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        SenderLife life = found.get();
        int index = all.indexOf(life);
        if (life.journal().isEmpty() || life.journal().equals(receiver)) {
            all.set(index, life.acknowledged(position, items, receiver));
            return Optional.empty();
        }
        all.set(index, life.countingFrom(position, receiver, address));
        return Optional.of(life);
    }

    List<BatchSender.Acknowledged> acknowledged() {
        return all.stream()
                .filter(life -> life.hasAcknowledged() && !life.journal().isEmpty())
                .map(life ->
                        new BatchSender.Acknowledged(
                                life.sender(), life.from(), life.upTo(), life.journal()))
                .toList();
    }

    Optional<SenderLife> find(String sender) {
        return all.stream().filter(life -> life.sender().equals(sender)).findFirst();
    }

    /// The last position that can be one of this life: where the next one begins. When the journal
    /// alone was put back, that is before what the life had come to.
    long end(SenderLife life) {
        int next = all.indexOf(life) + 1;
        return next < all.size() ? all.get(next).after() : Long.MAX_VALUE;
    }

    /// The receiver has this life up to `position` only.
    void setBack(SenderLife life, long position) {
        all.set(all.indexOf(life), life.setBack(position));
    }
}
