// Numbers as people read them: the same rules, digit for digit, as io.trapline.model.PlainNumber.
const PlainNumber = (() => {
    "use strict";

    const WHOLE_DIGITS = 15;
    const ZEROS_AFTER_POINT = 5;

    // The shortest digits that name the value, and how many of them stand before the point.
    function parts(value) {
        const size = Math.abs(value);
        let [mantissa, exponent] = size.toExponential().split("e");
        // Where one digit names it, two may be closer: 4.9e-324.
        if (mantissa.length === 1) [mantissa, exponent] = size.toExponential(1).split("e");
        return { minus: value < 0 ? "-" : "", digits: mantissa.replace(".", ""), whole: Number(exponent) + 1 };
    }

    function text({ minus, digits, whole }) {
        digits = digits.replace(/0+$/, "");
        if (digits === "") return "0";
        if (whole > WHOLE_DIGITS || whole < -ZEROS_AFTER_POINT) {
            return minus + digits[0] + (digits.length > 1 ? "." + digits.slice(1) : "") + "e" + (whole - 1);
        }
        if (whole <= 0) return minus + "0." + "0".repeat(-whole) + digits;
        const padded = digits.padEnd(whole, "0");
        return minus + padded.slice(0, whole) + (padded.length > whole ? "." + padded.slice(whole) : "");
    }

    // Halves away from zero, in decimal.
    function cut(number, most) {
        const { minus, digits, whole } = number;
        if (digits.length <= most) return number;
        const up = digits[most] >= "5";
        const kept = BigInt(digits.slice(0, most)) + (up ? 1n : 0n);
        const said = String(kept).padStart(most, "0");
        return { minus, digits: said, whole: whole + said.length - most };
    }

    // All digits of a value.
    const of = value => Number.isFinite(value) ? text(parts(value)) : String(value);

    // At most so many digits that matter, for what was computed; a whole number keeps all of its own.
    function rounded(value, digits) {
        if (!Number.isFinite(value) || Number.isInteger(value)) return of(value);
        const number = parts(value);
        return text(cut(number, Math.max(digits, Math.min(number.whole, WHOLE_DIGITS))));
    }

    return { of, rounded };
})();
