package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RefusedRequestsTest {
    @Test
    void the_first_is_told_at_once_and_then_a_count_once_a_minute() {
        AtomicLong nanos = new AtomicLong(-5);
        Logger logger = (Logger) LoggerFactory.getLogger(RefusedRequests.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        try {
            RefusedRequests refused = new RefusedRequests("[http] request_rate", nanos::get);
            for (int i = 0; i < 45; i++) {
                refused.one("/v1/write/metric from 10.0.0.9");
            }
            nanos.addAndGet(61_000_000_000L);
            refused.one("/v1/write/metric from 10.0.0.8");
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("1 request was refused with 429"),
                        second ->
                                assertThat(second)
                                        .startsWith("45 requests were")
                                        .contains("[http] request_rate", "10.0.0.8"));
    }
}
