package import Addresses
internal import Bytes

/// `BuiltInContract.usdCoin`.
enum USDCoin {
  private enum Function: String, CaseIterable {
    case name = "name()"
    case symbol = "symbol()"
    case decimals = "decimals()"
    case totalSupply = "totalSupply()"
    case balanceOf = "balanceOf(address)"
    case allowance = "allowance(address,address)"
    case paused = "paused()"
    case isBlacklisted = "isBlacklisted(address)"
    case implementation = "implementation()"
    case owner = "owner()"
    case transfer = "transfer(address,uint256)"
    case transferFrom = "transferFrom(address,address,uint256)"
    case approve = "approve(address,uint256)"
    case mint = "mint(address,uint256)"
    case pause = "pause()"
    case unpause = "unpause()"
    case blacklist = "blacklist(address)"
    case unBlacklist = "unBlacklist(address)"
    case upgradeTo = "upgradeTo(address)"
    case changeAdmin = "changeAdmin(address)"
  }

  private enum Topic {
    static let approval = ABI.topic("Approval(address,address,uint256)")
    static let mint = ABI.topic("Mint(address,address,uint256)")
    static let pause = ABI.topic("Pause()")
    static let unpause = ABI.topic("Unpause()")
    static let blacklisted = ABI.topic("Blacklisted(address)")
    static let unBlacklisted = ABI.topic("UnBlacklisted(address)")
    static let upgraded = ABI.topic("Upgraded(address)")
    static let adminChanged = ABI.topic("AdminChanged(address,address)")
  }

  private static let functions = FunctionTable<Function>()
  private static let yes = UInt256.one.bigEndianBytes

  static func run(_ call: ContractContext, on execution: inout Execution) throws(Halt) -> [UInt8] {
    guard let function = functions[call.input], call.value == .zero else {
      throw .noSuchFunction
    }
    let token = TokenStorage(call: call)
    switch function {
    case .transfer:
      try move(from: call.sender, to: call.address(0), call.number(1), token, &execution)
    case .transferFrom:
      let owner = try call.address(0)
      try token.subtract(
        call.number(2), at: TokenSlot.allowance(owner, call.sender),
        orRevertWith: "ERC20: transfer amount exceeds allowance", &execution)
      try move(from: owner, to: call.address(1), call.number(2), token, &execution)
    case .approve:
      let (spender, value) = (try call.address(0), try call.number(1))
      try token.write(value, at: TokenSlot.allowance(call.sender, spender), &execution)
      try token.emit(
        [Topic.approval, call.sender.paddedWord, spender.paddedWord], data: value.bigEndianBytes,
        &execution)
    case .mint, .pause, .unpause, .blacklist, .unBlacklist, .upgradeTo, .changeAdmin:
      try administer(function, token, &execution)
    default: return try view(function, token, &execution)
    }
    return yes
  }

  private static func view(
    _ function: Function, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) -> [UInt8] {
    let call = token.call
    let key: Hash32
    switch function {
    case .balanceOf: key = TokenSlot.balance(of: try call.address(0))
    case .allowance: key = TokenSlot.allowance(try call.address(0), try call.address(1))
    case .isBlacklisted: key = TokenSlot.isBlacklisted(try call.address(0))
    case .paused: key = TokenSlot.paused
    case .implementation: key = TokenSlot.implementation
    case .owner: key = TokenSlot.owner
    case .name: return ABI.string("USD Coin")
    case .symbol: return ABI.string("USDC")
    case .decimals: return UInt256(6).bigEndianBytes
    default: key = TokenSlot.totalSupply
    }
    return try token.read(key, &execution).bigEndianBytes
  }

  private static func administer(
    _ function: Function, _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    let call = token.call
    switch function {
    case .mint:
      try token.requireOwner("FiatToken: caller is not a minter", &execution)
      let (recipient, value) = (try call.address(0), try call.number(1))
      try token.add(value, at: TokenSlot.totalSupply, &execution)
      try token.add(value, to: recipient, &execution)
      try token.emit(
        [Topic.mint, call.sender.paddedWord, recipient.paddedWord], data: value.bigEndianBytes,
        &execution)
      try token.emitTransfer(from: .zero, to: recipient, value, &execution)
    case .pause, .unpause:
      try token.requireOwner("Pausable: caller is not the pauser", &execution)
      try token.write(function == .pause ? .one : .zero, at: TokenSlot.paused, &execution)
      try token.emit([function == .pause ? Topic.pause : Topic.unpause], &execution)
    case .upgradeTo:
      try token.requireOwner("only the admin", &execution)
      let implementation = try call.address(0)
      try token.write(UInt256(implementation), at: TokenSlot.implementation, &execution)
      try token.emit([Topic.upgraded, implementation.paddedWord], &execution)
    case .changeAdmin:
      try token.requireOwner("only the admin", &execution)
      let admin = try call.address(0)
      try token.write(UInt256(admin), at: TokenSlot.owner, &execution)
      try token.emit(
        [Topic.adminChanged], data: call.sender.paddedWord.bytes + admin.paddedWord.bytes,
        &execution)
    default:
      try token.requireOwner("Blacklistable: caller is not the blacklister", &execution)
      let account = try call.address(0)
      let isListing = function == .blacklist
      try token.write(
        isListing ? .one : .zero, at: TokenSlot.isBlacklisted(account), &execution)
      try token.emit(
        [isListing ? Topic.blacklisted : Topic.unBlacklisted, account.paddedWord], &execution)
    }
  }

  private static func move(
    from sender: EthereumAddress, to recipient: EthereumAddress, _ value: UInt256,
    _ token: TokenStorage, _ execution: inout Execution
  ) throws(Halt) {
    let isPaused = try token.isSet(TokenSlot.paused, &execution)
    try token.require(!isPaused, "Pausable: paused")
    for account in [token.call.sender, sender, recipient] {
      let isListed = try token.isSet(TokenSlot.isBlacklisted(account), &execution)
      try token.require(!isListed, "Blacklistable: account is blacklisted")
    }
    try token.subtract(
      value, at: TokenSlot.balance(of: sender),
      orRevertWith: "ERC20: transfer amount exceeds balance", &execution)
    try token.add(value, to: recipient, &execution)
    try token.emitTransfer(from: sender, to: recipient, value, &execution)
  }
}

extension EthereumAddress {
  /// Twenty zero bytes: whom minted tokens come from.
  package static let zero = EthereumAddress(Hash20())
}
