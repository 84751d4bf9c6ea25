package io.trapline.pipeline;

import io.trapline.fuzz.Promises;
import io.trapline.model.Batch;
import io.trapline.pipeline.BatchFrames.FormatException;
import io.trapline.pipeline.BatchFrames.Received;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Optional;

/// Bytes are no frame of the journal, or are a batch that is the same when it is written and read
/// again. So are the frames of a body that another Trapline sends.
public final class JournalFramesFuzz {
    private JournalFramesFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        decode(data);
        try {
            BatchFrames frames = new BatchFrames(new ByteArrayInputStream(data));
            for (Optional<Received> next = frames.next(); next.isPresent(); next = frames.next()) {
                decode(next.get().bytes());
            }
        } catch (FormatException | EOFException e) {
            Promises.holds(e instanceof EOFException || e.getMessage() != null, "no reason");
        } catch (IOException e) {
            throw new AssertionError("reading from memory", e);
        }
    }

    private static void decode(byte[] frame) {
        String source = BatchCodec.sourceOf(frame);
        Batch batch;
        try {
            batch = BatchCodec.decode(frame);
        } catch (IllegalStateException e) {
            Promises.holds(e.getMessage() != null, "a refusal without a reason");
            return;
        }
        Promises.same(source, batch.source(), "the source alone");
        Promises.same(batch, BatchCodec.decode(BatchCodec.encode(batch)), "written and read");
    }
}
