package io.trapline.forward;

/// A place among an output's items: after `part` entries of the frame at `position`.
record Place(long position, int part) implements Comparable<Place> {
    static final Place START = new Place(0, 0);

    @Override
    public int compareTo(Place other) {
        int byPosition = Long.compare(position, other.position);
        return byPosition != 0 ? byPosition : Integer.compare(part, other.part);
    }

    boolean isAfter(Place other) {
        return compareTo(other) > 0;
    }

    /// @throws IllegalArgumentException when the text is none
    static Place parse(String text) {
        int dot = text.indexOf('.');
        if (dot < 0) {
            throw new IllegalArgumentException("no place: " + text);
        }
        return new Place(
                Long.parseLong(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
    }

    @Override
    public String toString() {
        return position + "." + part;
    }
}
