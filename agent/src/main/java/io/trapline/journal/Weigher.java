package io.trapline.journal;

/// What the journal's sums are kept of: the journal sees opaque bytes, so that somebody else says
/// what a frame counts as. The same bytes must always weigh the same.
@FunctionalInterface
public interface Weigher {
    /// Each frame counts as one entry of one door.
    Weigher FRAMES = _ -> new Weight("", 0, 1);

    /// Of what cannot be read, or is not there.
    String UNKNOWN_DOOR = "?";

    Weight weigh(byte[] frame);

    /// @param door through which it came, one of a few
    /// @param hour in which it arrived, in hours since 1970-01-01T00:00Z
    /// @param entries how many things it carries
    record Weight(String door, long hour, long entries) {}
}
