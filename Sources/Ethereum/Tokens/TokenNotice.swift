package import Addresses
package import Bytes
internal import Digests

/// What a stablecoin's issuer does to its token: none of it is a transfer, all of it can change
/// what a balance is worth.
package enum TokenNotice: Hashable, Sendable {
  /// New units come into being, in the issuer's account (USDT `Issue`).
  case issued(UInt256)
  /// USDT `Redeem`.
  case redeemed(UInt256)
  /// The contract hands its calls to another from now on (USDT `Deprecate`); transfers may be
  /// logged there.
  case deprecated(successor: EthereumAddress)
  /// A fee on every transfer, of so many parts in ten thousand up to a maximum (USDT `Params`).
  case feeChanged(basisPoints: UInt256, maximum: UInt256)
  /// Nobody can transfer.
  case paused
  case unpaused
  /// The account can't transfer any more, or receive (USDT `AddedBlackList`, USDC `Blacklisted`).
  case blacklisted(EthereumAddress)
  case unblacklisted(EthereumAddress)
  /// The account's balance is gone, without a `Transfer` (USDT `DestroyedBlackFunds`).
  case fundsDestroyed(EthereumAddress, UInt256)
  /// The proxy runs other code (`Upgraded`).
  case upgraded(implementation: EthereumAddress)
  /// Who may upgrade it (`AdminChanged`).
  case adminChanged(from: EthereumAddress, to: EthereumAddress)

  /// The one account whose tokens it stops, frees or destroys; nil where it is about the whole
  /// token.
  package var account: EthereumAddress? {
    switch self {
    case .blacklisted(let account), .unblacklisted(let account), .fundsDestroyed(let account, _):
      account
    default: nil
    }
  }

  /// Whether it only says how many units there are: an issuer's daily business, which changes no
  /// balance but its own.
  package var isSupply: Bool {
    switch self {
    case .issued, .redeemed: true
    default: false
    }
  }

  /// Nil for any other log, and one whose arguments aren't of the event's types.
  package init?(_ log: EthereumLog) {
    guard let topic = log.topics.first, let event = Self.events[topic] else { return nil }
    // Contracts differ in which arguments are topics; in these events they come first either way.
    var words = Array(log.topics.dropFirst())
    guard log.data.count % 32 == 0, log.data.count <= 64 else { return nil }
    let data = log.data.span.bytes
    for offset in stride(from: 0, to: log.data.count, by: 32) {
      words.append(Hash32(bytes: data, at: offset))
    }
    guard words.count == event.argumentCount, let notice = event.notice(words) else { return nil }
    self = notice
  }

  private enum Event: CaseIterable, Sendable {
    case issue, redeem, deprecate, params, pause, unpause, addedBlackList, removedBlackList
    case destroyedBlackFunds, blacklisted, unBlacklisted, upgraded, adminChanged

    var signature: String {
      switch self {
      case .issue: "Issue(uint256)"
      case .redeem: "Redeem(uint256)"
      case .deprecate: "Deprecate(address)"
      case .params: "Params(uint256,uint256)"
      case .pause: "Pause()"
      case .unpause: "Unpause()"
      case .addedBlackList: "AddedBlackList(address)"
      case .removedBlackList: "RemovedBlackList(address)"
      case .destroyedBlackFunds: "DestroyedBlackFunds(address,uint256)"
      case .blacklisted: "Blacklisted(address)"
      case .unBlacklisted: "UnBlacklisted(address)"
      case .upgraded: "Upgraded(address)"
      case .adminChanged: "AdminChanged(address,address)"
      }
    }

    var argumentCount: Int {
      switch self {
      case .pause, .unpause: 0
      case .params, .destroyedBlackFunds, .adminChanged: 2
      default: 1
      }
    }

    /// The caller has checked that there are as many words as arguments.
    func notice(_ words: [Hash32]) -> TokenNotice? {
      switch self {
      case .issue: .issued(UInt256(bigEndian: words[0]))
      case .redeem: .redeemed(UInt256(bigEndian: words[0]))
      case .deprecate: words[0].paddedAddress.map { .deprecated(successor: $0) }
      case .params:
        .feeChanged(
          basisPoints: UInt256(bigEndian: words[0]), maximum: UInt256(bigEndian: words[1]))
      case .pause: .paused
      case .unpause: .unpaused
      case .addedBlackList, .blacklisted: words[0].paddedAddress.map { .blacklisted($0) }
      case .removedBlackList, .unBlacklisted: words[0].paddedAddress.map { .unblacklisted($0) }
      case .destroyedBlackFunds:
        words[0].paddedAddress.map { .fundsDestroyed($0, UInt256(bigEndian: words[1])) }
      case .upgraded: words[0].paddedAddress.map { .upgraded(implementation: $0) }
      case .adminChanged:
        if let from = words[0].paddedAddress, let to = words[1].paddedAddress {
          .adminChanged(from: from, to: to)
        } else {
          nil
        }
      }
    }
  }

  private static let events = [Hash32: Event](
    uniqueKeysWithValues: Event.allCases.map { (Keccak256.hash(Array($0.signature.utf8)), $0) })
}
