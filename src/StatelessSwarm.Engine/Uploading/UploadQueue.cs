using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>Requests of one peer that we have not begun to answer, oldest first, in a ring; bounded by the caller.</summary>
internal sealed class UploadQueue
{
    private BlockRange[] _ring = [];
    private int _head;

    /// <summary>Requests waiting.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a request.</summary>
    public void Add(BlockRange block)
    {
        if (Count == _ring.Length)
            Grow();
        At(Count) = block;
        Count++;
    }

    /// <summary>Takes the oldest request.</summary>
    public bool TryTake(out BlockRange block)
    {
        block = default;
        if (Count == 0)
            return false;
        block = At(0);
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        return true;
    }

    /// <summary>Takes out one request equal to <paramref name="block"/>, keeping the order of the rest.</summary>
    public bool TryRemove(BlockRange block)
    {
        for (var index = 0; index < Count; index++)
        {
            if (At(index) != block)
                continue;
            for (var next = index + 1; next < Count; next++)
                At(next - 1) = At(next);
            Count--;
            return true;
        }
        return false;
    }

    private ref BlockRange At(int index) => ref _ring[(_head + index) & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new BlockRange[Math.Max(16, _ring.Length * 2)];
        for (var index = 0; index < Count; index++)
            larger[index] = At(index);
        _ring = larger;
        _head = 0;
    }
}
