package io.trapline.store.host;

import io.trapline.fuzz.Promises;
import io.trapline.store.QueryResult;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Optional;

/// What a store host says is no message, or is one that is the same when it is written again. So
/// are the results in it; they take no memory for what they announce and do not hold.
public final class StoreMessagesFuzz {
    private StoreMessagesFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(data));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            Optional<Message> next = Message.read(in);
            while (next.isPresent()) {
                Message message = next.get();
                heard(message);
                message.write(out);
                next = Message.read(in);
            }
        } catch (IOException e) {
            Promises.holds(!e.toString().isEmpty(), "a refusal without a reason");
        }
        Promises.holds(
                Arrays.equals(out.toByteArray(), Arrays.copyOf(data, out.size())),
                "written, the messages are others");
    }

    private static void heard(Message message) throws IOException {
        switch (message.kind()) {
            case RESULT -> {
                if (message.body().length >= Long.BYTES) {
                    result(ResultCodec.read(message.body(), Long.BYTES));
                }
            }
            case STATE ->
                    Promises.same(
                            StateCodec.decode(message),
                            StateCodec.decode(StateCodec.encode(StateCodec.decode(message))),
                            "the state, written and read");
            default -> Promises.holds(message.body() != null, "no body");
        }
    }

    private static void result(QueryResult result) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ResultCodec.write(result, new DataOutputStream(bytes));
            Promises.same(
                    result,
                    ResultCodec.read(bytes.toByteArray(), 0),
                    "the result, written and read");
        } catch (IOException e) {
            throw new UncheckedIOException("its own result cannot be read", e);
        }
    }
}
