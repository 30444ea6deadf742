import Testing

@testable import Bytes

@Suite("ByteReader")
struct ByteReaderTests {
  @Test("numbers are read in the order asked for, one after the other")
  func numbers() throws {
    let bytes: [UInt8] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07]
    var reader = ByteReader(bytes.span.bytes)
    #expect(try reader.readUInt8() == 0x01)
    #expect(try reader.readLittleEndian(UInt16.self) == 0x0302)
    #expect(try reader.readBigEndian(UInt32.self) == 0x0405_0607)
    #expect(reader.remaining == 0)
    #expect(reader.offset == 7)
  }

  @Test("hashes and runs of bytes are read where the reader stands")
  func runs() throws {
    let bytes = (0..<80).map { UInt8($0) }
    var reader = ByteReader(bytes.span.bytes)
    try reader.skip(5)
    #expect(try reader.readHash32().bytes == Array(bytes[5..<37]))
    let run = try [UInt8](copying: reader.readBytes(3))
    #expect(run == [37, 38, 39])
    #expect(reader.remaining == 40)
  }

  @Test("a read past the end is an error and leaves the reader where it was")
  func endOfBytes() throws {
    let bytes: [UInt8] = [1, 2, 3]
    var reader = ByteReader(bytes.span.bytes)
    try reader.skip(1)
    var thrown: [ByteReader.EndOfBytes] = []
    do { _ = try reader.readLittleEndian(UInt32.self) } catch { thrown.append(error) }
    do { _ = try reader.readHash32() } catch { thrown.append(error) }
    do { try reader.skip(Int.max) } catch { thrown.append(error) }
    do { try reader.skip(-1) } catch { thrown.append(error) }
    #expect(
      thrown
        == [4, 32, Int.max, -1].map {
          ByteReader.EndOfBytes(offset: 1, needed: $0, remaining: 2)
        })
    #expect(reader.offset == 1)
    #expect(try reader.readLittleEndian(UInt16.self) == 0x0302)
  }

  @Test("numbers are appended in the order asked for")
  func appending() {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(0x0102_0304))
    bytes.append(bigEndian: UInt16(0x0506))
    #expect(bytes == [4, 3, 2, 1, 5, 6])
  }
}
