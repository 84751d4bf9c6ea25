package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.trapline.journal.JournalFullException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RefusalLogTest {
    @Test
    void a_full_disk_is_a_line_a_minute_with_the_count_of_the_others() {
        Logger logger = (Logger) LoggerFactory.getLogger(RefusalLogTest.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        logger.addAppender(log);
        log.start();
        AtomicLong now = new AtomicLong(-5);
        RefusalLog refusals = new RefusalLog(logger, now::get);
        for (int i = 0; i < 3000; i++) {
            refusals.notKept("push " + i, new JournalFullException("the disk is full"));
            now.addAndGet(Duration.ofMillis(40).toNanos());
        }
        logger.detachAppender(log);
        assertThat(log.list.stream().map(ILoggingEvent::getFormattedMessage))
                .containsExactly(
                        "push 0 was not kept: the disk is full (said once a minute)",
                        "push 1500 was not kept: the disk is full (said once a minute; 1499 more"
                                + " requests since the last time)");
    }
}
