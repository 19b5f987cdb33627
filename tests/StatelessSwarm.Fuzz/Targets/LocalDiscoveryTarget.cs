using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Discovery.LocalDiscovery;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="LocalMessage"/> (BEP 14): a port, bounded hashes, a bounded cookie; each swarm written alone is read again.</summary>
internal sealed class LocalDiscoveryTarget : FuzzTarget
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";

    public override string Name => "local-discovery";

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("BT-SEARCH * HTTP/1.1\r\n", "Host: 239.192.152.143:6771\r\n", "Port: 6881\r\n", "Infohash: " + Hash + "\r\n", "cookie: 1a2b\r\n", "\r\n", ":", "Port: 65536\r\n");

    public override void Run(ReadOnlySpan<byte> input)
    {
        var fault = LocalMessage.Read(input, out var message);
        Require(fault == LocalMessageFault.None == message is not null, "a message or a fault");
        if (message is null)
            return;
        Require(message.Port is > 0 and <= ushort.MaxValue, "a port");
        Require(message.Swarms.Count is > 0 and <= LocalMessage.MaxSwarms, "a bounded number of hashes");
        foreach (var swarm in message.Swarms)
        {
            var datagram = LocalMessage.Write(AddressFamily.InterNetworkV6, message.Port, swarm, "c0ffee");
            Require(datagram.Length < 200, "what aria2 can read");
            Require(LocalMessage.Read(datagram, out var again) == LocalMessageFault.None, "it can be read again");
            Require(again!.Port == message.Port && again.Swarms.Count == 1 && again.Swarms[0] == swarm, "it says the same");
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("plain", Bytes("BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: " + Hash + "\r\ncookie: 1a2b3c4d\r\n\r\n\r\n"));
        yield return ("two", Bytes("BT-SEARCH * HTTP/1.1\r\nport:1\r\nINFOHASH: " + Hash + "\r\nInfohash: " + Hash.ToUpperInvariant() + "\r\n\r\n\r\n"));
        yield return ("truncated", Bytes("BT-SEARCH * HTTP/1.1\r\nPort: 6881"));
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
