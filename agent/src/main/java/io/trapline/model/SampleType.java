package io.trapline.model;

/// The type letters of a sample, as HTTPTrap spells them and as the store's `type` column shows
/// them. Source: `contracts/httptrap.md` section 7.
public enum SampleType {
    INT32('i'),
    UINT32('I'),
    INT64('l'),
    UINT64('L'),
    DOUBLE('n'),
    TEXT('s'),
    HISTOGRAM('h'),
    CUMULATIVE_HISTOGRAM('H');

    private final char letter;

    SampleType(char letter) {
        this.letter = letter;
    }

    /// @throws IllegalArgumentException when no type has that letter
    public static SampleType ofLetter(char letter) {
        for (SampleType type : values()) {
            if (type.letter == letter) {
                return type;
            }
        }
        throw new IllegalArgumentException("no sample type has the letter " + letter);
    }

    public char letter() {
        return letter;
    }
}
