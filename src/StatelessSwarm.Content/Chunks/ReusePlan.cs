namespace StatelessSwarm.Content.Chunks;

/// <summary>
/// What of a new image is there in images at hand, going by their chunk maps, and what must be fetched. A promise, not a proof: a map may
/// lie and an image may have rotted, so each chunk is hashed before it counts.
/// </summary>
public sealed class ReusePlan
{
    private readonly ChunkMap _wanted;

    private ReusePlan(ChunkMap wanted, List<ChunkCopy> copies, List<ByteStretch> missing, long[] reusedBySource)
    {
        _wanted = wanted;
        Copies = copies;
        Missing = missing;
        ReusedBySource = reusedBySource;
    }

    /// <summary>What can be copied, in the order of the new image.</summary>
    public IReadOnlyList<ChunkCopy> Copies { get; }

    /// <summary>What is nowhere: runs of new chunks, in order. A chunk that comes twice is missing twice.</summary>
    public IReadOnlyList<ByteStretch> Missing { get; }

    /// <summary>Bytes to copy from each image at hand.</summary>
    public IReadOnlyList<long> ReusedBySource { get; }

    /// <summary>Bytes to copy.</summary>
    public long ReusedBytes => ReusedBySource.Sum();

    /// <summary>Bytes to fetch.</summary>
    public long MissingBytes => Missing.Sum(stretch => stretch.Length);

    /// <summary>Compares maps.</summary>
    /// <param name="wanted">The new image's map.</param>
    /// <param name="held">Maps of the images at hand; where several have a chunk the first is copied from.</param>
    public static ReusePlan Make(ChunkMap wanted, IReadOnlyList<ChunkMap> held)
    {
        var places = new Dictionary<UInt128, (int Source, Chunk Chunk)>();
        for (var source = 0; source < held.Count; source++)
        {
            foreach (var chunk in held[source].Chunks)
                places.TryAdd(chunk.Hash, (source, chunk));
        }
        var copies = new List<ChunkCopy>();
        var missing = new List<ByteStretch>();
        var reused = new long[held.Count];
        for (var index = 0; index < wanted.Chunks.Count; index++)
        {
            var chunk = wanted.Chunks[index];
            if (places.TryGetValue(chunk.Hash, out var place) && place.Chunk.Length == chunk.Length)
            {
                reused[place.Source] += chunk.Length;
                AddCopy(copies, new ChunkCopy(place.Source, place.Chunk.Offset, chunk.Offset, chunk.Length, index, 1));
            }
            else
            {
                AddMissing(missing, chunk);
            }
        }
        return new ReusePlan(wanted, copies, missing, reused);
    }

    /// <summary>Parts of one of <see cref="Copies"/>, in order: as many whole chunks each as have <paramref name="most"/> bytes, at least one.</summary>
    public IEnumerable<ChunkCopy> Split(ChunkCopy copy, int most)
    {
        var part = copy with { Length = 0, ChunkCount = 0 };
        for (var place = 0; place < copy.ChunkCount; place++)
        {
            var length = _wanted.Chunks[copy.FirstChunk + place].Length;
            if (part.ChunkCount > 0 && part.Length + length > most)
            {
                yield return part;
                part = new ChunkCopy(
                    copy.Source,
                    part.SourceOffset + part.Length,
                    part.Offset + part.Length,
                    0,
                    part.FirstChunk + part.ChunkCount,
                    0
                );
            }
            part = part with { Length = part.Length + length, ChunkCount = part.ChunkCount + 1 };
        }
        yield return part;
    }

    private static void AddCopy(List<ChunkCopy> copies, ChunkCopy copy)
    {
        if (copies.Count > 0 && copies[^1] is var last && Follows(last, copy))
            copies[^1] = last with { Length = last.Length + copy.Length, ChunkCount = last.ChunkCount + 1 };
        else
            copies.Add(copy);
    }

    private static bool Follows(ChunkCopy last, ChunkCopy next) =>
        last.Source == next.Source && last.SourceOffset + last.Length == next.SourceOffset && last.Offset + last.Length == next.Offset;

    private static void AddMissing(List<ByteStretch> missing, Chunk chunk)
    {
        if (missing.Count > 0 && missing[^1] is var last && last.Offset + last.Length == chunk.Offset)
            missing[^1] = last with { Length = last.Length + chunk.Length };
        else
            missing.Add(new ByteStretch(chunk.Offset, chunk.Length));
    }
}
