package import Bytes
internal import JSON

extension EthereumNode {
  /// `debug_traceBlockByHash` with the call tracer: the result's bytes, an element for each
  /// transaction; nil where the node doesn't offer traces.
  ///
  /// What calls are made with costs them next to nothing to repeat, so traces have no bound that
  /// follows from the block: one that outgrows bulk's is an error, and so is one that the node
  /// gives up on. `unknownBlock` and `pruned` are those of a block, and of a state, that the node
  /// doesn't have.
  package func traces(of block: Hash32) async throws(NodeError) -> [UInt8]? {
    let options: JSONValue = .object([
      .init("tracer", .string("callTracer")),
      .init("timeout", .string("\(timeouts.bulkMilliseconds)ms")),
    ])
    do throws(NodeError) {
      guard
        let result = try await askIfPresent(
          "debug_traceBlockByHash", [.hash32(block), options], isBulk: true)
      else { return nil }
      guard !result.isNull else { throw .unknownBlock(block) }
      return result.bytes
    } catch .rpc(.node(let error)) where error.saysStateIsGone {
      throw .pruned(block)
    } catch .rpc(.node(let error)) where error.saysBlockIsUnknown {
      throw .unknownBlock(block)
    } catch {
      throw error
    }
  }
}
