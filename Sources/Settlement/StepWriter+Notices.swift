internal import Addresses
internal import Bytes
internal import ChainTypes
internal import Ethereum
internal import EventLog
internal import Watching

// What issuers did to listed tokens. It is told of the chain, behind the reorg that brought its
// block: a later `chain.reorged` whose common ancestor lies below the block takes it back, and it
// is told again with whatever block has it then.
extension StepWriter {
  func noticeDrafts() throws -> [EventDraft] {
    try step.notices.map { notice in
      let owner = try notice.ordinal.flatMap { try self.owner(of: $0) }
      return try draft(
        "chain.token_notice",
        TokenNoticeEvent(notice, chain: step.chain.text, form: form, owner: owner))
    }
  }
}

/// The data of `chain.token_notice`. Addresses are `0x` and lower-case digits.
private struct TokenNoticeEvent: Encodable {
  let chain: String
  /// `height:hash`.
  let block: String
  let txid: String
  let position: String
  let contract: String
  let asset: String
  let notice: String
  var account: String?
  var amountMinor: String?
  var basisPoints: String?
  var maximumMinor: String?
  var successor: String?
  var implementation: String?
  var formerAdmin: String?
  var admin: String?
  var affects: Affected?
  var omitted: Int?

  /// Whose address `account` is; empty where nobody was given it.
  struct Affected: Encodable {
    let paymentID: String?
    let tenant: String?
  }

  init(_ notice: BlockNotice, chain: String, form: HashForm, owner: AddressOwner?) {
    let logged = notice.logged
    self.chain = chain
    block = notice.block.text(form)
    txid = logged.txid.text(form)
    position = TransferPosition.log(logged.position).description
    contract = Self.text(logged.contract)
    asset = notice.symbol
    self.notice = logged.notice.word
    account = logged.notice.account.map(Self.text)
    if notice.ordinal != nil {
      affects = Affected(paymentID: owner?.payment, tenant: owner?.tenant)
    }
    if notice.omitted > 0 { omitted = notice.omitted }
    switch logged.notice {
    case .issued(let amount), .redeemed(let amount), .fundsDestroyed(_, let amount):
      amountMinor = amount.decimal
    case .feeChanged(let points, let maximum):
      basisPoints = points.decimal
      maximumMinor = maximum.decimal
    case .deprecated(let contract): successor = Self.text(contract)
    case .upgraded(let contract): implementation = Self.text(contract)
    case .adminChanged(let former, let present):
      formerAdmin = Self.text(former)
      admin = Self.text(present)
    case .paused, .unpaused, .blacklisted, .unblacklisted: break
    }
  }

  private static func text(_ address: EthereumAddress) -> String { "0x\(address.hash.hex)" }
}

extension TokenNotice {
  /// As events call it.
  var word: String {
    switch self {
    case .issued: "issued"
    case .redeemed: "redeemed"
    case .deprecated: "deprecated"
    case .feeChanged: "fee_changed"
    case .paused: "paused"
    case .unpaused: "unpaused"
    case .blacklisted: "blacklisted"
    case .unblacklisted: "unblacklisted"
    case .fundsDestroyed: "funds_destroyed"
    case .upgraded: "upgraded"
    case .adminChanged: "admin_changed"
    }
  }
}
