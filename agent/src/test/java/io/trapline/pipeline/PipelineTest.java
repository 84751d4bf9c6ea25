package io.trapline.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.TagChoice;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PipelineTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_700_000_000);
    private static final long NOW_NS = 1_700_000_000_000_000_000L;
    private static final long HOUR = 3_600_000_000_000L;

    private final ListJournal journal = new ListJournal();
    private final GlobalTags tags =
            new GlobalTags(
                    new PipelineSettings(Map.of("dc", "x"), Map.of("cluster", "c1"), true, false),
                    "web01",
                    GlobalTags.Changes.NONE);
    private boolean correctTime;
    private final Pipeline pipeline =
            new Pipeline(journal, tags, () -> correctTime, InstantSource.fixed(NOW));

    private static Point point(long time, Field... fields) {
        return new Point(
                Category.METRIC, "m", List.of(new Tag("dc", "mine")), List.of(fields), time);
    }

    private static Field real(String key) {
        return new Field(key, new FieldValue.Real(1));
    }

    @Test
    void global_tags_are_added_unless_the_point_has_that_tag_or_field() {
        assertThat(pipeline.finish(List.of(point(7, real("f"))), TagChoice.HOST))
                .containsExactly(
                        new Point(
                                Category.METRIC,
                                "m",
                                List.of(new Tag("dc", "mine"), new Tag("host", "web01")),
                                List.of(real("f")),
                                7));
        Point own = point(7, real("host"));
        assertThat(pipeline.finish(List.of(own), TagChoice.HOST)).containsExactly(own);
        assertThat(pipeline.finish(List.of(own), TagChoice.NONE)).containsExactly(own);
        assertThat(((Point) pipeline.finish(List.of(own), TagChoice.ELECTION).getFirst()).tags())
                .containsExactly(new Tag("dc", "mine"), new Tag("cluster", "c1"));
    }

    @Test
    void points_that_share_their_tags_still_keep_their_own_fields_from_being_shadowed() {
        List<Tag> shared = List.of(new Tag("a", "b"));
        List<Point> points =
                List.of(
                        new Point(Category.METRIC, "m", shared, List.of(real("f")), 1),
                        new Point(Category.METRIC, "m", shared, List.of(real("host")), 2),
                        new Point(Category.METRIC, "m", shared, List.of(real("f")), 3));
        assertThat(pipeline.finish(points, TagChoice.HOST))
                .extracting(entry -> ((Point) entry).tags().size())
                .containsExactly(3, 2, 3);
    }

    @Test
    void time_correction_moves_what_is_over_two_hours_away_and_keeps_the_time_as_a_field() {
        List<Point> points =
                List.of(
                        point(NOW_NS - 2 * HOUR, real("f")),
                        point(NOW_NS - 2 * HOUR - 1, real("f")),
                        point(NOW_NS + 2 * HOUR + 1, real("f")),
                        point(Long.MAX_VALUE, real("f")));
        assertThat(times(pipeline.finish(points, TagChoice.NONE)))
                .containsExactly(
                        NOW_NS - 2 * HOUR,
                        NOW_NS - 2 * HOUR - 1,
                        NOW_NS + 2 * HOUR + 1,
                        Long.MAX_VALUE);
        correctTime = true;
        List<Entry> corrected = pipeline.finish(points, TagChoice.NONE);
        assertThat(times(corrected)).containsExactly(NOW_NS - 2 * HOUR, NOW_NS, NOW_NS, NOW_NS);
        assertThat(((Point) corrected.get(1)).fields())
                .containsExactly(
                        real("f"),
                        new Field("__orig_time", new FieldValue.Int(NOW_NS - 2 * HOUR - 1)));
    }

    private static List<Long> times(List<Entry> entries) {
        return entries.stream().map(entry -> ((Point) entry).timeNs()).toList();
    }

    @Test
    void a_batch_within_the_limits_is_one_frame() throws JournalException {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < Pipeline.MAX_ENTRIES; i++) {
            points.add(point(i, real("f")));
        }
        pipeline.accept("http/x", points);
        assertThat(journal.batches())
                .containsExactly(new Batch("http/x", NOW_NS, List.copyOf(points)));
    }

    @Test
    void a_larger_batch_becomes_several_frames_in_order() throws JournalException {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 25_000; i++) {
            points.add(point(i, real("f")));
        }
        pipeline.accept("http/x", points);
        assertThat(journal.batches()).hasSize(3);
        assertThat(journal.entries()).isEqualTo(points);
    }

    @Test
    void a_frame_ends_with_the_entry_that_fills_it() throws JournalException {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            points.add(point(i, new Field("s", new FieldValue.Text("x".repeat(1_500_000 + i)))));
        }
        points.add(point(9, new Field("s", new FieldValue.Text("y".repeat(6_000_000)))));
        pipeline.accept("http/x", points);
        assertThat(journal.entries()).isEqualTo(points);
        assertThat(journal.batches())
                .extracting(batch -> batch.entries().size())
                .containsExactly(3, 3, 1);
    }

    @Test
    void a_full_journal_is_told_to_the_caller() {
        journal.fail(new JournalFullException("no room"));
        assertThatThrownBy(() -> pipeline.accept("http/x", List.of(point(1, real("f")))))
                .isInstanceOf(JournalFullException.class);
    }

    @Test
    void tags_set_over_http_lie_over_the_configured_ones_and_host_stays() {
        tags.change(
                new GlobalTags.Changes(
                        GlobalTags.Layer.NONE
                                .with(Map.of("a", "b", "host", "evil"))
                                .without(List.of("dc", "host")),
                        GlobalTags.Layer.NONE));
        assertThat(tags.host()).isEqualTo(Map.of("host", "web01", "a", "b"));
        tags.configure(new PipelineSettings(Map.of("rack", "r1"), Map.of(), false, false));
        assertThat(tags.host()).isEqualTo(Map.of("host", "web01", "a", "b", "rack", "r1"));
        assertThat(tags.election()).isEqualTo(tags.host());
    }
}
