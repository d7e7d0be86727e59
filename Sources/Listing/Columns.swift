extension String {
    /// Filled with blanks behind the text, as `%-10s` does; a longer text stays whole.
    func padded(to width: Int) -> String {
        let missing = width - count
        return missing > 0 ? self + String(repeating: " ", count: missing) : self
    }

    /// Filled with blanks in front of the text, as `%10s` does; a longer text stays whole.
    func aligned(to width: Int) -> String {
        let missing = width - count
        return missing > 0 ? String(repeating: " ", count: missing) + self : self
    }
}

/// Two digits at least, as `%02d` does.
func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
