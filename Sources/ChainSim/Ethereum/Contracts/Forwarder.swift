internal import Addresses
internal import Bytes
internal import Ethereum

/// `BuiltInContract.forwarder`.
enum Forwarder {
  private enum Function: String, CaseIterable {
    /// Sends on what came with the call.
    case forward = "forward(address)"
    /// Several inner calls of one transaction; what is left stays here.
    case forwardEach = "forwardEach(address[],uint256)"
    /// Sends on and then reverts, so that nothing has moved.
    case forwardAndRevert = "forwardAndRevert(address)"
    /// Succeeds, while the inner call that had sent ether on was reverted.
    case innerReverts = "innerReverts(address)"
    /// Succeeds, while its inner call sends more than there is.
    case overdraw = "overdraw(address)"
    /// A DELEGATECALL, which shows the value of its caller and moves none.
    case delegate = "delegate(address)"
    /// A CALLCODE with the value of its caller, which moves none either.
    case callCode = "callCode(address)"
    /// Sends its whole balance with SELFDESTRUCT.
    case destroyInto = "destroyInto(address)"
    /// Calls `transfer` of the token, whatever comes of it.
    case forwardToken = "forwardToken(address,address,uint256)"
  }

  private static let functions = FunctionTable<Function>()

  static func run(_ call: ContractContext, on execution: inout Execution) throws(Halt) -> [UInt8] {
    // Without a function's name it takes ether.
    if call.input.isEmpty { return [] }
    guard let function = functions[call.input] else { throw .noSuchFunction }
    switch function {
    case .forward, .forwardAndRevert:
      let result = try execution.call(.call, from: call, to: call.address(0), value: call.value)
      guard result.succeeded else { throw .reverted(nil) }
      if function == .forwardAndRevert { throw .reverted("reverted after forwarding") }
      return []
    case .forwardEach:
      let value = try call.number(1)
      for recipient in try call.addresses(0) {
        let result = try execution.call(.call, from: call, to: recipient, value: value)
        guard result.succeeded else { throw .reverted(nil) }
      }
      return []
    case .destroyInto:
      try execution.selfDestruct(call.contract, to: call.address(0))
      return []
    case .innerReverts, .overdraw, .delegate, .callCode, .forwardToken:
      return try attempt(function, call, on: &execution)
    }
  }

  /// Calls that may fail without taking the transaction with them; the answer says whether they
  /// did.
  private static func attempt(
    _ function: Function, _ call: ContractContext, on execution: inout Execution
  ) throws(Halt) -> [UInt8] {
    let target = try call.address(0)
    let result =
      switch function {
      case .innerReverts:
        try execution.call(
          .call, from: call, to: call.contract, value: call.value,
          input: ABI.call(Function.forwardAndRevert.rawValue, [.address(target)]))
      case .overdraw:
        try execution.call(
          .call, from: call, to: target,
          value: execution.account(call.contract).balance.addingReportingOverflow(.one).sum)
      case .delegate:
        try execution.call(.delegateCall, from: call, to: target, value: call.value)
      case .callCode:
        try execution.call(.callCode, from: call, to: target, value: call.value)
      default:
        try execution.call(
          .call, from: call, to: target, value: .zero,
          input: ABI.call(
            "transfer(address,uint256)", [.address(call.address(1)), .number(call.number(2))]))
      }
    return UInt256(result.succeeded ? 1 : 0).bigEndianBytes
  }
}
