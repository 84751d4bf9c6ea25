package io.trapline.ingest.trap;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import io.trapline.config.OutsideJson;
import io.trapline.journal.JournalException;
import io.trapline.model.Tag;
import io.trapline.period.StreamId;
import java.io.InputStream;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A submission's body in, its measurements out, while the body arrives.
///
/// Memory does not depend on the length of the body: one value or key may have 1 MiB, 32 levels may
/// be open, and long lists are folded as they are read. Belongs to one check; any thread may call
/// it. It keeps only what the check's filter set learns.
public final class TrapDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(TrapDecoder.class);

    private final TrapCheck check;
    private final TrapLimits limits;
    private final FilterSet filters;
    private final List<Tag> tagset;
    private final JsonFactory json;

    public TrapDecoder(TrapCheck check, TrapLimits limits) {
        this.check = check;
        this.limits = limits;
        this.filters = new FilterSet(check);
        this.tagset = tagset(check);
        // Names are neither interned nor kept in a table, both of which outlive the request and
        // would let senders fill the memory.
        this.json =
                OutsideJson.builder()
                        .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                        .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
                        .recyclerPool(JsonRecyclerPools.newConcurrentDequePool())
                        .streamReadConstraints(
                                StreamReadConstraints.builder()
                                        .maxStringLength(limits.maxTextChars())
                                        .maxNameLength(limits.maxTextChars())
                                        .maxNumberLength(limits.maxTextChars())
                                        .build())
                        .build();
    }

    public TrapCheck check() {
        return check;
    }

    /// @param body inflated; read to its end, not closed
    /// @param nowMs for lists that learn, milliseconds since 1970-01-01T00:00Z
    /// @throws JournalException what the consumer threw
    public TrapResult decode(InputStream body, long nowMs, MeasurementConsumer out)
            throws JournalException {
        return new Submission(check, limits, filters, tagset, nowMs, out).read(json, body);
    }

    /// Whether the filter set stores a stream, and which rule says so.
    FilterSet.Verdict judge(StreamId stream, long nowMs) {
        return filters.judge(stream, nowMs);
    }

    private static List<Tag> tagset(TrapCheck check) {
        try {
            return TaggedName.tagset(check.tagset());
        } catch (TaggedName.BadNameException e) {
            LOG.warn(
                    "check {}: its tag set {} is left out: {}",
                    check.id(),
                    check.tagset(),
                    e.reason());
            return List.of();
        }
    }
}
