internal import Addresses
internal import Bytes

/// `BuiltInContract.tether`.
enum TetherToken {
  private enum Function: String, CaseIterable {
    case name = "name()"
    case symbol = "symbol()"
    case decimals = "decimals()"
    case totalSupply = "totalSupply()"
    case balanceOf = "balanceOf(address)"
    case paused = "paused()"
    case deprecated = "deprecated()"
    case upgradedAddress = "upgradedAddress()"
    case basisPointsRate = "basisPointsRate()"
    case maximumFee = "maximumFee()"
    case isBlackListed = "isBlackListed(address)"
    case owner = "owner()"
    case transfer = "transfer(address,uint256)"
    case transferByLegacy = "transferByLegacy(address,address,uint256)"
    case issue = "issue(uint256)"
    case give = "give(address,uint256)"
    case setParams = "setParams(uint256,uint256)"
    case deprecate = "deprecate(address)"
    case addBlackList = "addBlackList(address)"
    case removeBlackList = "removeBlackList(address)"
    case destroyBlackFunds = "destroyBlackFunds(address)"
    case pause = "pause()"
    case unpause = "unpause()"
  }

  private enum Topic {
    static let issue = ABI.topic("Issue(uint256)")
    static let params = ABI.topic("Params(uint256,uint256)")
    static let deprecate = ABI.topic("Deprecate(address)")
    static let destroyed = ABI.topic("DestroyedBlackFunds(address,uint256)")
    static let addedBlackList = ABI.topic("AddedBlackList(address)")
    static let removedBlackList = ABI.topic("RemovedBlackList(address)")
    static let pause = ABI.topic("Pause()")
    static let unpause = ABI.topic("Unpause()")
  }

  private static let functions = FunctionTable<Function>()
  private static let wholeToken = UInt256(1_000_000)

  static func run(_ call: ContractContext, on execution: inout Execution) throws(Halt) -> [UInt8] {
    guard let function = functions[call.input], call.value == .zero else {
      throw .noSuchFunction
    }
    let token = TokenStorage(call: call)
    switch function {
    case .transfer: try transfer(token, &execution)
    case .transferByLegacy:
      let isLegacy =
        try token.read(TokenSlot.legacy, &execution) == UInt256(call.sender)
      try token.require(isLegacy, nil)
      try move(from: call.address(0), to: call.address(1), call.number(2), token, &execution)
    case .issue, .give: try issue(function, token, &execution)
    case .setParams, .deprecate, .pause, .unpause: try administer(function, token, &execution)
    case .addBlackList, .removeBlackList, .destroyBlackFunds:
      try judge(function, token, &execution)
    default: return try view(function, token, &execution)
    }
    return []
  }

  private static func view(
    _ function: Function, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) -> [UInt8] {
    let key: Hash32
    switch function {
    case .balanceOf: key = TokenSlot.balance(of: try token.call.address(0))
    case .isBlackListed: key = TokenSlot.isBlacklisted(try token.call.address(0))
    case .paused: key = TokenSlot.paused
    case .deprecated, .upgradedAddress: key = TokenSlot.successor
    case .basisPointsRate: key = TokenSlot.basisPoints
    case .maximumFee: key = TokenSlot.maximumFee
    case .owner: key = TokenSlot.owner
    case .name: return ABI.string("Tether USD")
    case .symbol: return ABI.string("USDT")
    case .decimals: return UInt256(6).bigEndianBytes
    default: key = TokenSlot.totalSupply
    }
    let word = try token.read(key, &execution)
    if function == .deprecated { return UInt256(word == .zero ? 0 : 1).bigEndianBytes }
    return word.bigEndianBytes
  }

  private static func transfer(
    _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    let call = token.call
    let isPaused = try token.isSet(TokenSlot.paused, &execution)
    try token.require(!isPaused, nil)
    let isListed = try token.isSet(TokenSlot.isBlacklisted(call.sender), &execution)
    try token.require(!isListed, nil)
    let (recipient, value) = (try call.address(0), try call.number(1))
    let successor = try token.read(TokenSlot.successor, &execution)
    guard successor == .zero else {
      // The successor moves and logs: nothing of it bears this contract's address.
      let result = try execution.call(
        .call, from: call, to: EthereumAddress(lowBytesOf: successor), value: .zero,
        input: ABI.call(
          Function.transferByLegacy.rawValue,
          [.address(call.sender), .address(recipient), .number(value)]))
      try token.require(result.succeeded, nil)
      return
    }
    try move(from: call.sender, to: recipient, value, token, &execution)
  }

  private static func move(
    from sender: EthereumAddress, to recipient: EthereumAddress, _ value: UInt256,
    _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    let fee = try fee(on: value, token, &execution)
    let received = value.subtractingOrZero(fee)
    try token.subtract(
      value, at: TokenSlot.balance(of: sender), orRevertWith: nil, &execution)
    try token.add(received, to: recipient, &execution)
    if fee > .zero {
      let owner = EthereumAddress(
        lowBytesOf: try token.read(TokenSlot.owner, &execution))
      try token.add(fee, to: owner, &execution)
      try token.emitTransfer(from: sender, to: owner, fee, &execution)
    }
    try token.emitTransfer(from: sender, to: recipient, received, &execution)
  }

  private static func fee(
    on value: UInt256, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) -> UInt256 {
    let rate = try token.read(TokenSlot.basisPoints, &execution)
    guard rate > .zero else { return .zero }
    let limit = try token.read(TokenSlot.maximumFee, &execution)
    guard let product = try? value.multiplied(by: rate),
      let fee = try? product.divided(by: UInt256(10_000)).quotient
    else { throw .reverted(nil) }
    return min(fee, limit)
  }

  private static func issue(
    _ function: Function, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    let call = token.call
    try token.requireOwner(nil, &execution)
    let isGiving = function == .give
    let value = try call.number(isGiving ? 1 : 0)
    // As its holders' balances come to a successor: without any log.
    let recipient = isGiving ? try call.address(0) : call.sender
    try token.add(value, to: recipient, &execution)
    try token.add(value, at: TokenSlot.totalSupply, &execution)
    if !isGiving { try token.emit([Topic.issue], data: value.bigEndianBytes, &execution) }
  }

  private static func administer(
    _ function: Function, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    let call = token.call
    try token.requireOwner(nil, &execution)
    switch function {
    case .setParams:
      let (rate, whole) = (try call.number(0), try call.number(1))
      // The limits of the real contract.
      try token.require(rate < 20 && whole < 50, nil)
      guard let limit = try? whole.multiplied(by: wholeToken) else { throw .reverted(nil) }
      try token.write(rate, at: TokenSlot.basisPoints, &execution)
      try token.write(limit, at: TokenSlot.maximumFee, &execution)
      try token.emit(
        [Topic.params], data: rate.bigEndianBytes + limit.bigEndianBytes, &execution)
    case .deprecate:
      let successor = try call.address(0)
      try token.write(UInt256(successor), at: TokenSlot.successor, &execution)
      try token.emit([Topic.deprecate], data: successor.paddedWord.bytes, &execution)
    default:
      let isPausing = function == .pause
      try token.write(isPausing ? .one : .zero, at: TokenSlot.paused, &execution)
      try token.emit([isPausing ? Topic.pause : Topic.unpause], &execution)
    }
  }

  private static func judge(
    _ function: Function, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    try token.requireOwner(nil, &execution)
    let account = try token.call.address(0)
    let listing = TokenSlot.isBlacklisted(account)
    guard function == .destroyBlackFunds else {
      let isAdding = function == .addBlackList
      try token.write(isAdding ? .one : .zero, at: listing, &execution)
      try token.emit(
        [isAdding ? Topic.addedBlackList : Topic.removedBlackList],
        data: account.paddedWord.bytes, &execution)
      return
    }
    let isListed = try token.isSet(listing, &execution)
    try token.require(isListed, nil)
    let key = TokenSlot.balance(of: account)
    let funds = try token.read(key, &execution)
    try token.write(.zero, at: key, &execution)
    try token.subtract(funds, at: TokenSlot.totalSupply, orRevertWith: nil, &execution)
    try token.emit(
      [Topic.destroyed], data: account.paddedWord.bytes + funds.bigEndianBytes, &execution)
  }
}

extension EthereumAddress {
  /// The address in a word of storage.
  init(lowBytesOf word: UInt256) {
    let bytes = word.bigEndianBytes
    self.init(Hash20(bytes: bytes.span.bytes, at: 12))
  }
}
