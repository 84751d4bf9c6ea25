package io.trapline.forward;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.journal.JournalReader.Frame;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Another Trapline's core: gets the journal's frames as they are, each with its position, so that
/// it keeps each once, however often it is sent.
final class CoreDestination implements Destination {
    private static final Pattern CULPRIT = Pattern.compile("frame\\[([0-9]{1,9})]");

    private final CoreOutputSettings settings;
    private final HttpPoster poster;

    CoreDestination(CoreOutputSettings settings, HttpPoster poster) {
        this.settings = settings;
        this.poster = poster;
    }

    @Override
    public void encode(Selected selected, Encoding out) {
        if (selected.parts().isEmpty()) {
            return;
        }
        Frame frame = selected.frame();
        byte[] bytes = frame.bytes();
        if (!selected.isWhole()) {
            Batch batch = selected.batch();
            List<Entry> entries = new ArrayList<>(selected.parts().size());
            selected.parts().forEach(part -> entries.add(part.entry()));
            bytes = BatchCodec.encode(new Batch(batch.source(), batch.acceptedNs(), entries));
        }
        int part = selected.batch().entries().size();
        out.add(new Item(frame.position(), part, BatchFrames.frame(frame.position(), bytes), 1));
    }

    @Override
    public int maxBytes() {
        return settings.maxBatchBytes();
    }

    @Override
    public int maxItemBytes() {
        return BatchFrames.MAX_BYTES;
    }

    @Override
    public Delivery send(List<Item> items, Optional<String> sender) throws InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(64 << 10);
        body.writeBytes(BatchFrames.head());
        items.forEach(item -> body.writeBytes(item.bytes()));
        Map<String, String> headers =
                Map.of(
                        "Content-Type",
                        BatchFrames.CONTENT_TYPE,
                        "Content-Encoding",
                        "gzip",
                        "Authorization",
                        "Bearer " + settings.token(),
                        BatchFrames.SENDER_HEADER,
                        sender.orElse(""));
        try {
            byte[] bytes = TrapDestination.gzip(body.toByteArray());
            return verdict(poster.post(settings.url(), headers, bytes), items.size());
        } catch (IOException e) {
            return new Delivery.Later(String.valueOf(e.getMessage()), Optional.empty(), false);
        }
    }

    /// The place stands in the frame itself.
    @Override
    public Item again(AsideItem aside) {
        return new Item(aside.again(), 0, BatchFrames.at(aside.again(), aside.payload()), 1);
    }

    private static Delivery verdict(HttpAnswer answer, int sent) {
        if (!answer.isSuccess()) {
            Matcher matcher = CULPRIT.matcher(answer.message());
            return answer.failure(
                    matcher.find()
                            ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
                            : OptionalInt.empty());
        }
        Optional<JsonNode> json = answer.json().filter(node -> node.path("frames").isNumber());
        if (json.isEmpty()) {
            return answer.strange();
        }
        // Those that it had before count among its frames.
        Map<String, Long> lost = new TreeMap<>();
        long unseen = sent - json.get().path("frames").asLong();
        if (unseen > 0) {
            lost.put(Delivery.Accepted.UNSEEN, unseen);
        }
        String notice = json.get().path("error").asText("");
        if (!notice.isEmpty()) {
            lost.put(Delivery.Accepted.SAID, 1L);
        }
        return new Delivery.Accepted(HttpAnswer.shown(notice), lost);
    }

    @Override
    public void close() {
        poster.close();
    }
}
