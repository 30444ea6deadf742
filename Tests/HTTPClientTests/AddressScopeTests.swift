import Testing

@testable import HTTPClient

@Suite("Which addresses are public")
struct AddressScopeTests {
  @Test(
    "nothing inside, special or translated from such is",
    arguments: [
      "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
      "127.0.0.1", "127.255.255.254", "169.254.0.1", "169.254.169.254", "172.16.0.1",
      "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1",
      "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
      "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
      "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
      "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1",
      "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:db8::1",
      "2002:7f00:1::1", "2002:a9fe:a9fe::", "2002:c0a8:101::1", "3fff::1", "5f00::1",
      "fc00::1", "fd12:3456:789a::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1",
      "4000::1", "8000::1", "fd00:ec2::254",
    ])
  func inside(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressScope.refusal(of: address) != nil)
  }

  @Test(
    "what lies beside them is",
    arguments: [
      "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
      "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
      "172.32.0.0", "192.0.1.1", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
      "198.20.0.0", "198.51.101.0", "203.0.114.0", "223.255.255.255",
      "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2a00:1450:4001:80b::200e",
      "2001:db9::1", "3fff:1000::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    ])
  func outside(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(AddressScope.refusal(of: address) == nil, "\(AddressScope.refusal(of: address) ?? "")")
  }

  @Test("each network of the table is written as one, from its first address to its last")
  func table() throws {
    for special in AddressScope.specials {
      var bits = special.network.bytes
      for index in special.length..<(bits.count * 8) {
        #expect(bits[index / 8] & (0x80 >> UInt8(index % 8)) == 0, "\(special.network)")
        bits[index / 8] |= 0x80 >> UInt8(index % 8)
      }
      let last = try #require(IPAddress(bytes: bits))
      #expect(last.begins(with: special.network, length: special.length))
      #expect(!AddressScope.isPublic(special.network) && !AddressScope.isPublic(last))
      #expect(special.meaning.contains("RFC"))
    }
    #expect(Set(AddressScope.specials.map { "\($0.network)/\($0.length)" }).count == 28)
  }

  @Test("texts that are no address, or that others read otherwise, are refused")
  func texts() {
    for text in [
      "", "1", "1.2.3", "0x7f.0.0.1", "0177.0.0.1", "127.1", "2130706433", "1.2.3.4.5", "1.2.3.256",
      "::g", "fe80::1%eth0", "[::1]", "1.2.3.4\0", " 1.2.3.4", "::ffff:1.2.3",
    ] { #expect(IPAddress(text) == nil, "\(text)") }
    #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    #expect(IPAddress("2001:DB8:0:0:0:0:0:1")?.description == "2001:db8::1")
    #expect(IPAddress("127.0.0.1")?.description == "127.0.0.1")
  }
}
