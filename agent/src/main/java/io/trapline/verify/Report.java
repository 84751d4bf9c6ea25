package io.trapline.verify;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The answer of a conservation check, at one moment.
///
/// @param since only what arrived from that hour on was counted, but for rows
/// @param head the journal's newest position
/// @param flows how much came through each door, and how far it is
/// @param sums all that were held against each other
/// @param findings what does not agree; empty = all is where it should be
/// @param notes what is no error, but worth knowing
public record Report(
        Optional<Instant> since,
        long head,
        List<Flow> flows,
        List<Compared> sums,
        List<Finding> findings,
        List<String> notes) {
    public Report {
        flows = List.copyOf(flows);
        sums = List.copyOf(sums);
        findings = List.copyOf(findings);
        notes = List.copyOf(notes);
    }

    public boolean agrees() {
        return findings.isEmpty();
    }

    /// As JSON has it.
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("agrees", agrees());
        since.ifPresent(at -> map.put("since", at.truncatedTo(ChronoUnit.HOURS).toString()));
        map.put("head", head);
        map.put(
                "doors",
                flows.stream()
                        .map(flow ->
                                Map.of(
                                        "door",
                                        flow.door(),
                                        "frames",
                                        flow.frames(),
                                        "accepted",
                                        flow.accepted(),
                                        "in_journal",
                                        flow.kept(),
                                        "stored",
                                        flow.stored(),
                                        "bad_frames",
                                        flow.aside()))
                        .toList());
        map.put(
                "sums",
                sums.stream()
                        .map(sum ->
                                Map.of(
                                        "sum",
                                        sum.sum(),
                                        "of",
                                        sum.of(),
                                        "expected",
                                        sum.expected(),
                                        "found",
                                        sum.found()))
                        .toList());
        map.put(
                "findings",
                findings.stream()
                        .map(one ->
                                Map.of(
                                        "sum",
                                        one.sum(),
                                        "of",
                                        one.of(),
                                        "where",
                                        one.where(),
                                        "text",
                                        one.text()))
                        .toList());
        map.put("notes", notes);
        return map;
    }

    /// In entries: points, samples, runs and the like.
    ///
    /// @param accepted as the journal counted them when they came
    /// @param kept in the journal still
    /// @param stored taken by the store
    /// @param aside in frames that the store set aside as unreadable: frames, not entries
    public record Flow(
            String door, long frames, long accepted, long kept, long stored, long aside) {}

    /// @param sum which one
    /// @param of a door, a kind of rows, an output
    public record Compared(String sum, String of, long expected, long found) {
        public boolean agrees() {
            return expected == found;
        }
    }

    /// @param where hour, positions or source; empty when that cannot be told
    /// @param text the same as a sentence
    public record Finding(String sum, String of, String where, String text) {}
}
