using System.Buffers.Binary;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Images;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ImageSuperblock"/>: SquashFS and EROFS.</summary>
internal sealed class SuperblockTarget : FuzzTarget
{
    public override string Name => "superblock";

    public override IReadOnlyList<byte[]> Words => [[0xe2, 0xe1, 0xf5, 0xe0], .. WordsOf("hsqs"), [0, 0, 2, 0], [17, 0], [6, 0], [12]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            _ = ImageSuperblock.Parse(input);
        }
        catch (ContentException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var squash = new byte[96];
        "hsqs"u8.CopyTo(squash);
        BinaryPrimitives.WriteUInt32LittleEndian(squash.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(squash.AsSpan(12), 131072);
        BinaryPrimitives.WriteUInt16LittleEndian(squash.AsSpan(20), 6);
        BinaryPrimitives.WriteUInt16LittleEndian(squash.AsSpan(22), 17);
        BinaryPrimitives.WriteUInt16LittleEndian(squash.AsSpan(28), 4);
        BinaryPrimitives.WriteUInt64LittleEndian(squash.AsSpan(40), 4096);
        yield return ("squashfs", squash);
        var erofs = new byte[1024 + 128];
        BinaryPrimitives.WriteUInt32LittleEndian(erofs.AsSpan(1024), 0xe0f5e1e2);
        erofs[1024 + 12] = 12;
        BinaryPrimitives.WriteUInt32LittleEndian(erofs.AsSpan(1024 + 36), 1);
        yield return ("erofs", erofs);
    }
}
