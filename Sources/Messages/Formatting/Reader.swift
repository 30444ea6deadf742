package import ChainTypes

/// For whom something is written: the language, and the clock that the reader looks at.
package struct Reader: Sendable {
  package let language: Language
  let clock: Clock

  /// How far a place's clocks are ahead of UTC, given by whoever knows the rules of time zones.
  package struct Clock: Sendable {
    let offsetSeconds: @Sendable (Timestamp) -> Int
    /// Behind each time, where it isn't known that the reader's clocks go so.
    let label: String?

    package init(
      label: String? = nil, offsetSeconds: @escaping @Sendable (Timestamp) -> Int
    ) {
      self.label = label
      self.offsetSeconds = offsetSeconds
    }

    package static let utc = Clock(label: "UTC") { _ in 0 }
  }

  package init(_ language: Language, clock: Clock = .utc) {
    self.language = language
    self.clock = clock
  }

  package func text(_ money: Money) -> String { language.forms.text(money) }

  package func text(_ time: Timestamp) -> String {
    let local = LocalTime(time, offsetSeconds: clock.offsetSeconds(time))
    let label = clock.label.map { " (\($0))" } ?? ""
    return language.forms.time(local) + label
  }
}
