package import ChainTypes

/// The steps from one extended key to another (BIP-0032), written `m/84h/0h/3h`.
package struct DerivationPath: Hashable, Sendable {
  package var steps: [ChildNumber]

  package enum ParsingError: Error, Equatable {
    /// A step that isn't a number below 2³¹ with at most one mark of hardening behind it; its
    /// first characters, and its place, from 0.
    case invalidStep(String, position: Int)
    /// An extended key's depth is one byte.
    case tooManySteps(Int)
  }

  package static let maximumSteps = 255

  package init(_ steps: [ChildNumber] = []) { self.steps = steps }

  /// From `m/84h/0'/3H` or the same without `m/`; `m` and the empty text are the empty path.
  package init(_ text: String) throws(ParsingError) {
    var rest = text[...]
    if rest == "m" || rest.isEmpty {
      self.init()
      return
    }
    if rest.hasPrefix("m/") { rest = rest.dropFirst(2) }
    try self.init(steps: rest, hardenedMarks: "h'H")
  }

  /// Steps between slashes. Descriptors know only `h` and `'` (BIP-0380).
  init(steps text: Substring, hardenedMarks: String) throws(ParsingError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= Self.maximumSteps else { throw .tooManySteps(parts.count) }
    var steps: [ChildNumber] = []
    for (position, part) in parts.enumerated() {
      let isHardened = part.last.map { hardenedMarks.contains($0) } ?? false
      let digits = isHardened ? part.dropLast() : part
      // Ten digits hold every index; the bound and the check leave no sign, space or overflow.
      guard (1...10).contains(digits.utf8.count),
        digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
        let index = UInt32(digits), let step = ChildNumber(index, hardened: isHardened)
      else { throw .invalidStep(String(part.prefix(12)), position: position) }
      steps.append(step)
    }
    self.init(steps)
  }

  /// `m/purpose'/coin'/account'` (BIP-0044, 49, 84 and 86): each region has its own account.
  package static func account(
    _ account: UInt32, for script: SingleKeyScript, network: BitcoinNetwork
  ) throws(DerivationError) -> DerivationPath {
    guard let accountStep = ChildNumber(account, hardened: true) else {
      throw .indexExhausted(account)
    }
    return DerivationPath([
      ChildNumber(rawValue: script.purpose | ChildNumber.indexEnd),
      ChildNumber(rawValue: network.coinType | ChildNumber.indexEnd), accountStep,
    ])
  }

  package func appending(_ step: ChildNumber) -> DerivationPath {
    DerivationPath(steps + [step])
  }

  /// `/84h/0h/3h`: each step behind a slash, hardened ones marked with `h`.
  var suffix: String { steps.map { "/\($0)" }.joined() }
}

extension DerivationPath: CustomStringConvertible {
  package var description: String { "m" + suffix }
}
