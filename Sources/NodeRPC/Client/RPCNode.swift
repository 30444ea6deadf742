internal import JSON
internal import Synchronization

/// A node that is asked over JSON-RPC: what the typed questions to each kind of node are made of.
protocol RPCNode: AnyObject, Sendable {
  var client: JSONRPCClient { get }
  var clock: any RPCClock { get }
  var timeouts: NodeTimeouts { get }
}

/// So many small answers come in the time of one.
private let fewCalls = 20

extension RPCNode {
  /// - Parameters:
  ///   - isBulk: whether the answer may take bulk's time and size
  ///   - maximumBytes: the answer's bound where it is neither of the usual ones
  func ask(
    _ method: String, _ parameters: [JSONValue] = [], isBulk: Bool = false,
    timeoutMilliseconds: Int? = nil, maximumBytes: Int? = nil
  ) async throws(NodeError) -> RPCResult {
    do throws(RPCError) {
      return try await client.call(
        RPCCall(method, parameters),
        timeoutMilliseconds: timeoutMilliseconds ?? timeouts.milliseconds(isBulk: isBulk),
        maximumBytes: maximumBytes ?? JSONRPCClient.answerBytes(isBulk: isBulk))
    } catch {
      throw .rpc(error)
    }
  }

  /// The small result of `method` as `parse` understands it; nil from it is a malformed answer.
  func value<Value>(
    _ method: String, _ parameters: [JSONValue] = [], timeoutMilliseconds: Int? = nil,
    _ parse: (JSONValue) -> Value?
  ) async throws(NodeError) -> Value {
    let result = try await ask(method, parameters, timeoutMilliseconds: timeoutMilliseconds)
    return try Self.value(of: result, method, parse)
  }

  static func value<Value>(
    of result: RPCResult, _ method: String, _ parse: (JSONValue) -> Value?
  ) throws(NodeError) -> Value {
    let json = try Self.reading { () throws(RPCError) in try result.json() }
    guard let value = parse(json) else {
      throw .rpc(result.malformed("not what \(method) answers"))
    }
    return value
  }

  /// Many calls may take bulk's time also where their answers are small.
  func batch(
    _ calls: [RPCCall], maximumCount: Int = JSONRPCClient.maximumBatchCount, isBulk: Bool = false,
    maximumBytes: Int? = nil
  ) async throws(NodeError) -> [Result<RPCResult, RPCNodeError>] {
    do throws(RPCError) {
      return try await client.batch(
        calls, maximumCount: maximumCount,
        timeoutMilliseconds: timeouts.milliseconds(isBulk: isBulk || calls.count > fewCalls),
        maximumBytes: maximumBytes ?? JSONRPCClient.answerBytes(isBulk: isBulk))
    } catch {
      throw .rpc(error)
    }
  }

  static func reading<Value>(
    _ read: () throws(RPCError) -> Value
  ) throws(NodeError) -> Value {
    do throws(RPCError) {
      return try read()
    } catch {
      throw .rpc(error)
    }
  }
}
