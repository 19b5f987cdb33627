using System.Net;
using StatelessSwarm.Seed.Netboot;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="DhcpMessage"/>: what is read is read again as it was written, as far as it can be written.</summary>
internal sealed class DhcpTarget : FuzzTarget
{
    public override string Name => "dhcp";

    public override int MaxInput => DhcpMessage.MaxBytes + 20;

    public override IReadOnlyList<byte[]> Words => [[99, 130, 83, 99], [53, 1, 1], [60, 9], [93, 2, 0, 7], [97, 17], [255], [0], .. WordsOf("PXEClient", "HTTPClient", "iPXE")];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (DhcpMessage.TryRead(input) is not { } message || message.Options.Any(option => option.Value.Length > byte.MaxValue) || message.File.Length > 127 || message.File.Any(each => each > '~'))
            return;
        var again = DhcpMessage.TryRead(message.Encode());
        // joined parts may be more than a frame
        if (again is null)
            Require(message.Encode().Length > DhcpMessage.MaxBytes, "it is read as it was written");
        else
            Require(again.Transaction == message.Transaction && again.Options.Count == message.Options.Count, "it is read as it was written");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var message = new DhcpMessage
        {
            Operation = 1,
            Transaction = 0x01020304,
            Hardware = (byte[])[1, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            ClientAddress = IPAddress.Parse("10.0.0.1"),
            File = "ipxe.efi",
            Options = new Dictionary<byte, byte[]> { [53] = [1], [60] = "PXEClient:Arch:00007"u8.ToArray(), [93] = [0, 7], [97] = new byte[17] },
        };
        yield return ("discover", message.Encode());
    }
}
