package io.trapline.period;

/// The period engine has not read yet what was written before, and an answer could not wait longer.
public final class BehindException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param frames of the journal that it has to read first
    public BehindException(long frames) {
        super(
                "the running period is not known yet: the period engine has "
                        + frames
                        + " frames of the journal to read before");
    }
}
