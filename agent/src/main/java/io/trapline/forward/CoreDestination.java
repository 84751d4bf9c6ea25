package io.trapline.forward;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.journal.JournalReader.Frame;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import io.trapline.pipeline.BatchSender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Another Trapline's core: gets the journal's frames as they are, each with its position, so that
/// it keeps each once, however often it is sent.
final class CoreDestination implements Destination {
    private static final int CONFLICT = 409;
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
    public Delivery send(List<Item> items, Sequence sequence) throws InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(64 << 10);
        body.writeBytes(BatchFrames.head());
        items.forEach(item -> body.writeBytes(item.bytes()));
        BatchSender sender =
                new BatchSender(sequence.sender(), sequence.newFrom(), sequence.acknowledged());
        Map<String, String> headers = new TreeMap<>();
        headers.put("Content-Type", BatchFrames.CONTENT_TYPE);
        headers.put("Content-Encoding", "gzip");
        headers.put("Authorization", "Bearer " + settings.token());
        headers.put(BatchFrames.SENDER_HEADER, sender.name());
        sender.newFromText().ifPresent(text -> headers.put(BatchSender.NEW_FROM_HEADER, text));
        sender.acknowledgedText()
                .ifPresent(text -> headers.put(BatchSender.ACKNOWLEDGED_HEADER, text));
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
        if (answer.status() == CONFLICT) {
            Optional<Delivery> disowned = disowned(answer);
            if (disowned.isPresent()) {
                return disowned.get();
            }
        }
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
        long frames = json.get().path("frames").asLong();
        long unseen = sent - frames;
        long before = frames - json.get().path("kept").asLong(frames);
        if (unseen > 0) {
            lost.put(Delivery.Accepted.UNSEEN, unseen);
        }
        String notice = json.get().path("error").asText("");
        if (!notice.isEmpty()) {
            lost.put(Delivery.Accepted.SAID, 1L);
        }
        return new Delivery.Accepted(
                HttpAnswer.shown(notice),
                lost,
                Math.clamp(before, 0, sent),
                json.get().path("journal").asText(""));
    }

    private static Optional<Delivery> disowned(HttpAnswer answer) {
        Optional<JsonNode> json =
                answer.json().filter(node -> node.has("known") || node.has("missing"));
        return json.map(node -> {
            List<Delivery.Missing> missing = new ArrayList<>();
            for (JsonNode one : node.path("missing")) {
                missing.add(
                        new Delivery.Missing(
                                one.path("sender").asText(""),
                                one.path("after").asLong(),
                                one.path("up_to").asLong()));
            }
            JsonNode sum = node.path("checksum");
            return new Delivery.Disowned(
                    answer.message(),
                    node.has("known")
                            ? Optional.of(
                                    new Delivery.Taken(
                                            node.path("known").asLong(),
                                            sum.isNumber()
                                                    ? OptionalLong.of(sum.asLong())
                                                    : OptionalLong.empty()))
                            : Optional.empty(),
                    missing);
        });
    }

    @Override
    public void close() {
        poster.close();
    }
}
