package io.trapline.bridge;

import io.trapline.bridge.Frame.Received;
import io.trapline.fuzz.Promises;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/// What a worker's pipe carries ends it, or is frames that are the same when they are written
/// again; they take no memory for what they announce and do not send.
public final class WorkerFramesFuzz {
    private WorkerFramesFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        read(data, 0);
        read(data, Seal.BYTES);
    }

    private static void read(byte[] data, int proof) {
        FrameBudget.Share share = new FrameBudget().share(_ -> {});
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(data));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            Optional<Received> next = Frame.read(in, share, proof);
            while (next.isPresent()) {
                Received received = next.get();
                heard(received.frame());
                received.frame().write(out, received.proof());
                received.hold().close();
                next = Frame.read(in, share, proof);
            }
        } catch (BadFrameException | EOFException e) {
            Promises.holds(e instanceof EOFException || e.getMessage() != null, "no reason");
        } catch (IOException | InterruptedException e) {
            throw new AssertionError("reading from memory", e);
        }
        Promises.holds(
                Arrays.equals(out.toByteArray(), Arrays.copyOf(data, out.size())),
                "written, the frames are others");
    }

    /// As a session hears it.
    private static void heard(Frame frame) throws IOException {
        try {
            switch (frame.kind()) {
                case LOADED -> {
                    for (var collector : Loaded.parse(frame.payload()).collectors()) {
                        Promises.holds(collector.interval() > 0, "no interval: " + collector);
                    }
                }
                case REPORT, OUTPUT -> {
                    Frame.Origin origin = frame.origin();
                    String text = frame.checkedText(origin.contentAt());
                    Promises.holds(text.length() <= frame.payload().length, "too long a text");
                }
                case LOADING, FINISHED, DYING -> {
                    String text = frame.checkedText(0);
                    Promises.holds(text.length() <= frame.payload().length, "too long a text");
                }
                case STARTED, CLOSED, OPEN, START, INTERRUPT, REPLY, CLOSE -> {}
            }
        } catch (BadFrameException e) {
            Promises.holds(e.getMessage() != null, "a refusal without a reason");
        }
    }
}
