using System.Net.Sockets;
using System.Text;
using CsCheck;
using StatelessSwarm.Discovery.LocalDiscovery;

namespace StatelessSwarm.Discovery.Tests.LocalDiscovery;

public sealed class LocalMessageTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData(AddressFamily.InterNetwork, "239.192.152.143:6771")]
    [InlineData(AddressFamily.InterNetworkV6, "[ff15::efc0:988f]:6771")]
    public void Write_Bytes_AreThoseOfBep14(AddressFamily family, string host)
    {
        var written = LocalMessage.Write(family, 65535, Swarm(Hex), "7fffffff");
        Assert.Equal(
            $"BT-SEARCH * HTTP/1.1\r\nHost: {host}\r\nPort: 65535\r\nInfohash: {Hex}\r\ncookie: 7fffffff\r\n\r\n\r\n",
            Encoding.ASCII.GetString(written)
        );
        Assert.True(written.Length < 200, "aria2 reads 200 bytes");
    }

    public static TheoryData<string, string, int, string?> Foreign =>
        new()
        {
            { "libtorrent", $"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: {Hex}\r\ncookie: 2b1e0a\r\n\r\n\r\n", 6881, "2b1e0a" },
            { "aria2", $"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6999\r\nInfohash: {Hex}\r\n\r\n\r\n", 6999, null },
            { "upper case and no spaces", $"bt-search * http/1.0\r\nPORT:1\r\nINFOHASH:{Hex.ToUpperInvariant()}\r\nX-Other: 1\r\n\r\n", 1, null },
        };

    [Theory]
    [MemberData(nameof(Foreign))]
    public void Read_MessageOfAnotherClient_IsUnderstood(string client, string text, int port, string? cookie)
    {
        Assert.True(Read(text, out var message) == LocalMessageFault.None, client);
        Assert.Equal((port, cookie), (message!.Port, message.Cookie));
        Assert.Equal(Hex, Assert.Single(message.Swarms).ToString());
    }

    [Fact]
    public void Read_SeveralHashes_GivesAllUpToTheLimit()
    {
        Assert.Equal(LocalMessageFault.None, Read(WithHashes(LocalMessage.MaxSwarms), out var message));
        Assert.Equal(LocalMessage.MaxSwarms, message!.Swarms.Distinct().Count());
        Assert.Equal(LocalMessageFault.BadHash, Read(WithHashes(LocalMessage.MaxSwarms + 1), out message));
        Assert.Null(message);
    }

    [Theory]
    [InlineData("", "Truncated")]
    [InlineData("BT-SEARCH * HTTP/1.1", "Truncated")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + Hex + "\r\n", "Truncated")]
    [InlineData("M-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + Hex + "\r\n\r\n", "WrongMethod")]
    [InlineData("BT-SEARCH * HTTP/2\r\nPort: 1\r\nInfohash: " + Hex + "\r\n\r\n", "WrongMethod")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort 1\r\nInfohash: " + Hex + "\r\n\r\n", "BadHeader")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\n: 1\r\nInfohash: " + Hex + "\r\n\r\n", "BadHeader")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nInfohash: " + Hex + "\r\n\r\n", "BadPort")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 0\r\nInfohash: " + Hex + "\r\n\r\n", "BadPort")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: " + Hex + "\r\n\r\n", "BadPort")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: -1\r\nInfohash: " + Hex + "\r\n\r\n", "BadPort")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1x\r\nInfohash: " + Hex + "\r\n\r\n", "BadPort")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n\r\n", "BadHash")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: " + Hex + "0\r\n\r\n", "BadHash")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: g123456789abcdef0123456789abcdef01234567\r\n\r\n", "BadHash")]
    [InlineData("BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash:\r\n\r\n", "BadHash")]
    public void Read_BrokenMessage_IsItsFault(string text, string fault)
    {
        Assert.Equal(fault, Read(text, out var message).ToString());
        Assert.Null(message);
    }

    [Fact]
    public void Read_TooLongOrTooManyLines_IsAFault()
    {
        Assert.Equal(LocalMessageFault.TooLong, Read(new string('a', LocalMessage.MaxLength + 1), out _));
        var lines = string.Concat(Enumerable.Repeat("a:b\r\n", 65));
        Assert.Equal(LocalMessageFault.BadHeader, Read($"BT-SEARCH * HTTP/1.1\r\n{lines}\r\n", out _));
    }

    [Fact]
    public void Read_CookieTooLong_IsPassedOver()
    {
        var text = $"BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: {Hex}\r\ncookie: {new string('c', 65)}\r\n\r\n";
        Assert.Equal(LocalMessageFault.None, Read(text, out var message));
        Assert.Null(message!.Cookie);
    }

    [Fact]
    public void Write_AnySwarmAndPort_IsReadBack() =>
        Gen.Select(Gen.Byte.Array[SwarmHash.Size], Gen.Int[1, ushort.MaxValue], Gen.Bool, Gen.Int[0, int.MaxValue])
            .Sample(
                (hash, port, isV6, cookie) =>
                {
                    var swarm = new SwarmHash(hash);
                    var family = isV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
                    var written = LocalMessage.Write(family, port, swarm, $"{cookie:x8}");
                    return LocalMessage.Read(written, out var message) == LocalMessageFault.None
                        && message!.Port == port
                        && message.Swarms is [var read]
                        && read == swarm
                        && message.Cookie == $"{cookie:x8}"
                        && written.Length < 200;
                }
            );

    [Fact]
    public void Read_AnyBytes_IsAFaultOrWithinTheLimits() =>
        Gen.Select(Gen.Byte.Array[0, 1500], Gen.Int[0, 150], Gen.Int[0, 8])
            .Sample(
                (noise, at, length) =>
                {
                    // Plain noise, and a good message with some noise written over it.
                    var message = Encoding.ASCII.GetBytes(WithHashes(2));
                    noise.AsSpan(0, Math.Min(length, noise.Length)).CopyTo(message.AsSpan(at));
                    return IsBounded(noise) && IsBounded(message);
                }
            );

    private static bool IsBounded(byte[] datagram)
    {
        var fault = LocalMessage.Read(datagram, out var message);
        return message is null
            ? fault != LocalMessageFault.None
            : message.Port is > 0 and <= ushort.MaxValue && message.Swarms.Count is > 0 and <= LocalMessage.MaxSwarms;
    }

    private static string WithHashes(int count)
    {
        var hashes = string.Concat(Enumerable.Range(0, count).Select(i => $"Infohash: {Hex[..38]}{i:x2}\r\n"));
        return $"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n{hashes}\r\n\r\n";
    }

    private static LocalMessageFault Read(string text, out LocalMessage? message) =>
        LocalMessage.Read(Encoding.ASCII.GetBytes(text), out message);

    private static SwarmHash Swarm(string hex)
    {
        Assert.True(SwarmHash.TryParse(Encoding.ASCII.GetBytes(hex), out var swarm));
        return swarm;
    }
}
