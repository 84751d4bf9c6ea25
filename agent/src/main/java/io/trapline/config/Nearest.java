package io.trapline.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/// The known word that a mistyped one most likely stands for.
public final class Nearest {
    private Nearest() {}

    /// The candidate with the fewest insertions, deletions, replacements and swaps of neighbours;
    /// of several the first by alphabet. Empty only when there are no candidates.
    public static Optional<String> of(String word, Collection<String> candidates) {
        return candidates.stream()
                .min(
                        Comparator.comparingInt((String known) -> distance(word, known))
                                .thenComparing(Comparator.naturalOrder()));
    }

    /// The nearest candidate when it is near enough to be what was meant: at most one letter in
    /// three differs, and one in any case.
    public static Optional<String> close(String word, Collection<String> candidates) {
        int most = Math.max(1, word.length() / 3);
        return of(word, candidates).filter(known -> distance(word, known) <= most);
    }

    /// Optimal string alignment, without regard to letter case, `-` or `_`.
    static int distance(String left, String right) {
        String a = plain(left);
        String b = plain(right);
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int best = Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1);
                best = Math.min(best, d[i - 1][j - 1] + change);
                if (i > 1
                        && j > 1
                        && a.charAt(i - 1) == b.charAt(j - 2)
                        && a.charAt(i - 2) == b.charAt(j - 1)) {
                    best = Math.min(best, d[i - 2][j - 2] + 1);
                }
                d[i][j] = best;
            }
        }
        return d[a.length()][b.length()];
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace('-', '_');
    }
}
