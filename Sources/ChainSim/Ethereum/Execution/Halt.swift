/// Why a call ended before its end. All it did is undone.
enum Halt: Error, Hashable, Sendable {
  /// With the reason that a `require` names, if any. The gas that is left stays.
  case reverted(String?)
  case outOfGas
  /// A function that the contract doesn't have, or arguments it can't read: reverted without words.
  static let noSuchFunction = Halt.reverted(nil)

  /// In geth's words.
  var error: String {
    switch self {
    case .reverted: "execution reverted"
    case .outOfGas: "out of gas"
    }
  }

  var reason: String? {
    guard case .reverted(let reason) = self else { return nil }
    return reason
  }
}
