package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.WorkerListener.Reply;
import io.trapline.journal.JournalException;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.pipeline.Decoded;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReportBufferTest {
    private static final Point POINT = new Point(Category.METRIC, "m", List.of(), List.of(), 1);

    /// A journal that can be made to refuse, or to take its time.
    private static final class FakeSink implements Sink {
        final CountDownLatch working = new CountDownLatch(1);
        final CountDownLatch mayEnd = new CountDownLatch(1);
        volatile boolean slow;
        volatile @Nullable String refusal;
        int stored;

        @Override
        public List<Entry> finish(List<Point> points, Decoded.TagChoice tags) {
            return List.copyOf(points);
        }

        @Override
        public void accept(String source, List<Entry> entries) throws JournalException {
            if (slow) {
                working.countDown();
                try {
                    mayEnd.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            String why = refusal;
            if (why != null) {
                throw new JournalException(why);
            }
            stored += entries.size();
        }
    }

    private final FakeSink sink = new FakeSink();
    private final ReportBuffer buffer = new ReportBuffer("pythond/in/C", sink, () -> 0);

    private ReportBuffer.@Nullable Taken atOnce(int points) {
        return buffer.addAtOnce(Collections.nCopies(points, POINT), Decoded.TagChoice.HOST);
    }

    @Test
    void what_is_taken_at_once_becomes_durable_with_the_rest() {
        assertThat(atOnce(2)).isEqualTo(new ReportBuffer.Taken(Reply.OK, true));
        assertThat(atOnce(3)).isEqualTo(new ReportBuffer.Taken(Reply.OK, false));
        assertThat(buffer.waiting()).isEqualTo(5);
        assertThat(buffer.flush()).isTrue();
        assertThat(sink.stored).isEqualTo(5);
    }

    @Test
    void nothing_is_taken_at_once_while_the_journal_works() throws InterruptedException {
        atOnce(1);
        sink.slow = true;
        Thread writer = Thread.ofPlatform().start(buffer::flush);
        sink.working.await();
        assertThat(atOnce(1)).isNull();
        sink.mayEnd.countDown();
        writer.join();
        assertThat(atOnce(1)).isEqualTo(new ReportBuffer.Taken(Reply.OK, true));
    }

    @Test
    void what_would_have_to_be_stored_now_is_not_taken_at_once() {
        assertThat(atOnce(ReportBuffer.MOST_POINTS)).isNotNull();
        assertThat(atOnce(1)).isNull();
        assertThat(sink.stored).isZero();
    }

    @Test
    void nothing_is_taken_at_once_after_the_journal_refused() {
        atOnce(1);
        sink.refusal = "full";
        assertThat(buffer.flush()).isFalse();
        assertThat(atOnce(1)).isNull();
    }

    @Test
    void nothing_is_taken_at_once_after_the_run() {
        buffer.finish(new Run("in", "C", 1, 1, 1, Run.Outcome.OK, 0, ""));
        assertThat(atOnce(1)).isNull();
    }
}
