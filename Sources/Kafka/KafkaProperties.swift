internal import CKafka

/// librdkafka's set of properties, until a client takes it over.
final class KafkaProperties {
  private var pointer: OpaquePointer?

  init() { pointer = rd_kafka_conf_new() }

  deinit { if let pointer { rd_kafka_conf_destroy(pointer) } }

  /// Sets a property and returns what is wrong with it, if anything. The text never shows the
  /// value, which may be a password.
  func set(_ name: String, _ value: String) -> String? {
    var message = [CChar](repeating: 0, count: 512)
    switch rd_kafka_conf_set(pointer, name, value, &message, message.count) {
    case RD_KAFKA_CONF_OK: return nil
    case RD_KAFKA_CONF_UNKNOWN: return "librdkafka has no such property"
    default: return "librdkafka refuses its value"
    }
  }

  /// Sets what the program itself decides.
  func set(_ properties: KeyValuePairs<String, String>) throws(KafkaError) {
    for (name, value) in properties {
      if let mistake = set(name, value) {
        throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "\(name): \(mistake)")
      }
    }
  }

  /// The fastest compression that this librdkafka was built with.
  var compression: String {
    var size = 0
    guard rd_kafka_conf_get(pointer, "builtin.features", nil, &size) == RD_KAFKA_CONF_OK,
      (1...65_536).contains(size)
    else { return "none" }
    var text = [CChar](repeating: 0, count: size)
    guard rd_kafka_conf_get(pointer, "builtin.features", &text, &size) == RD_KAFKA_CONF_OK else {
      return "none"
    }
    let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let features = String(decoding: bytes, as: UTF8.self).split(separator: ",")
    return ["lz4", "zstd"].first { features.contains(Substring($0)) } ?? "none"
  }

  /// Makes a client, which takes the properties over; `context` must live as long as it.
  func makeClient(
    _ type: rd_kafka_type_t, context: UnsafeMutableRawPointer
  ) throws(KafkaError) -> OpaquePointer {
    rd_kafka_conf_set_opaque(pointer, context)
    rd_kafka_conf_set_log_cb(pointer) { client, level, facility, text in
      guard let client, let opaque = rd_kafka_opaque(client) else { return }
      let context = Unmanaged<KafkaClient.Context>.fromOpaque(opaque).takeUnretainedValue()
      context.log(
        KafkaLogLine(
          level: level, facility: facility.map { String(cString: $0) } ?? "",
          text: text.map { String(cString: $0) } ?? ""))
    }
    if type == RD_KAFKA_PRODUCER {
      rd_kafka_conf_set_dr_msg_cb(pointer) { _, message, opaque in
        guard let message, let opaque else { return }
        let context = Unmanaged<KafkaClient.Context>.fromOpaque(opaque).takeUnretainedValue()
        context.deliveries.add(message.pointee.err)
      }
    }
    var text = [CChar](repeating: 0, count: 512)
    guard let client = rd_kafka_new(type, pointer, &text, text.count) else {
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw KafkaError(rd_kafka_last_error(), String(decoding: bytes, as: UTF8.self))
    }
    pointer = nil
    return client
  }
}
