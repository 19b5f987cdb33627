using StatelessSwarm.Content;
using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary><see cref="ChunkMap"/>: one encoding only, and chunks that make up the image.</summary>
internal sealed class ChunkMapTarget : FuzzTarget
{
    public override string Name => "chunk-map";

    public override IReadOnlyList<byte[]> Words => [[0xff, 0xff], [0, 0], [0x0f, 0xff], [0xff, 0xff, 0xff, 0xff], .. WordsOf("SSCM")];

    public override void Run(ReadOnlySpan<byte> input)
    {
        try
        {
            var map = ChunkMap.Decode(input);
            Require(map.Encode().AsSpan().SequenceEqual(input), "it is written as it was read");
            var plan = ReusePlan.Make(map, [map]);
            Require(plan.ReusedBytes + plan.MissingBytes == map.ImageBytes, "every byte is copied or missing");
        }
        catch (ContentException)
        {
            // Refused.
        }
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("empty", MapOf([]));
        yield return ("zeros", MapOf(new byte[200_000]));
        var mixed = new byte[100_000];
        for (var at = 0; at < mixed.Length; at++)
            mixed[at] = unchecked((byte)(at * at >> 7));
        yield return ("mixed", MapOf(mixed));
    }

    private static byte[] MapOf(byte[] image)
    {
        using var builder = new ChunkMapBuilder();
        builder.Append(image);
        return builder.Finish().Encode();
    }
}
