package io.trapline.ingest.trap;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import io.trapline.ingest.trap.TaggedName.BadNameException;
import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import io.trapline.period.StreamId;
import java.util.List;

/// A name with its tags is refused, or has one canonical form, which reads as the same stream; so
/// does the form that receivers are sent.
public final class StreamNamesFuzz {
    private StreamNamesFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String raw = new String(Stretch.of(data), UTF_8);
        StreamId stream;
        try {
            boolean _ = TaggedName.isInOrder(raw);
            stream = TaggedName.parse(raw, List.of());
        } catch (BadNameException e) {
            Promises.holds(!e.reason().isEmpty(), "a refusal without a reason");
            return;
        }
        readsAsItself(stream);
    }

    static void readsAsItself(StreamId stream) {
        if (stream.tags().stream().anyMatch(StreamNamesFuzz::growsTooLong)) {
            return;
        }
        try {
            StreamId again = TaggedName.parse(stream.canonical(), List.of());
            Promises.same(stream.canonical(), again.canonical(), "its canonical name, read again");
            Promises.same(stream.name(), again.name(), "the name, read again");
            String sent = StreamName.sent(stream.name(), stream.tags());
            if (TaggedName.utf8Length(sent) <= TaggedName.MAX_NAME_BYTES) {
                Promises.same(
                        again, TaggedName.parse(sent, List.of()), "what is sent on, read again");
            }
        } catch (BadNameException e) {
            throw new AssertionError("refused: " + stream + ": " + e.reason(), e);
        }
    }

    /// What is short enough as it was sent is kept whole, as a broker does; in its canonical form,
    /// in base64, it may be one that is shortened.
    private static boolean growsTooLong(Tag tag) {
        int around = "|ST[]".length();
        return TaggedName.utf8Length(StreamName.canonical("", List.of(tag))) - around
                > TaggedName.MAX_TAG;
    }
}
