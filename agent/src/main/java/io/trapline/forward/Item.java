package io.trapline.forward;

/// The smallest thing that a receiver takes or refuses: one or more whole entries of a frame,
/// encoded.
///
/// @param position of the frame
/// @param part how many of the frame's entries are dealt with once this one is
/// @param bytes as they stand in a request's body; not copied, nobody writes to them
/// @param values how many values it has, as its receiver counts them
@SuppressWarnings("ArrayRecordComponent")
record Item(long position, int part, byte[] bytes, int values) {

    /// Where it ends.
    Place end() {
        return new Place(position, part);
    }
}
