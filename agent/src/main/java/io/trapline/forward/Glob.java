package io.trapline.forward;

import java.util.regex.Pattern;

/// A pattern for a whole text: `*` stands for any characters, `?` for one, everything else for
/// itself.
public final class Glob {
    private final String text;
    private final Pattern pattern;

    public Glob(String text) {
        this.text = text;
        StringBuilder regex = new StringBuilder();
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '*' -> regex.append(".*");
                        case '?' -> regex.append('.');
                        default -> regex.append(Pattern.quote(Character.toString(c)));
                    }
                });
        pattern = Pattern.compile(regex.toString(), Pattern.DOTALL);
    }

    boolean matches(String candidate) {
        return pattern.matcher(candidate).matches();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Glob glob && glob.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
