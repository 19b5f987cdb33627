using StatelessSwarm.Seed.Netboot;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="TftpRequest"/>: blocks fit a frame, whatever is asked for.</summary>
internal sealed class TftpTarget : FuzzTarget
{
    public override string Name => "tftp";

    public override int MaxInput => 600;

    public override IReadOnlyList<byte[]> Words => [[0, 1], [0], .. WordsOf("octet", "netascii", "blksize", "tsize", "1428", "../", "99999999999")];

    public override void Run(ReadOnlySpan<byte> input)
    {
        if (TftpRequest.TryRead(input, name => name.Length) is { } request)
            Require(request.BlockSize is >= 8 and <= 1428 && request.Accepted.Count <= 2, "blocks fit a frame");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("plain", [0, 1, .. "ipxe.efi\0octet\0"u8]);
        yield return ("options", [0, 1, .. "ipxe.efi\0octet\0blksize\01428\0tsize\00\0"u8]);
    }
}
