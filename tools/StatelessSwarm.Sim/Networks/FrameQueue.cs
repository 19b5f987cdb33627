namespace StatelessSwarm.Sim.Networks;

/// <summary>Frames in order, in a ring that is not there before it is used: most connections of a large swarm are idle.</summary>
internal struct FrameQueue
{
    private Frame[]? _ring;
    private int _head;

    /// <summary>Frames in it.</summary>
    public int Count { get; private set; }

    /// <summary>The frame at a place counted from the oldest.</summary>
    public readonly ref Frame this[int place] => ref _ring![(_head + place) & (_ring.Length - 1)];

    /// <summary>Adds one.</summary>
    public void Enqueue(in Frame frame)
    {
        _ring ??= new Frame[4];
        if (Count == _ring.Length)
            Grow();
        _ring[(_head + Count) & (_ring.Length - 1)] = frame;
        Count++;
    }

    /// <summary>Takes the oldest; there must be one.</summary>
    public Frame Dequeue()
    {
        ref var place = ref _ring![_head];
        var frame = place;
        place.Payload = null;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        return frame;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _ring = null;
        _head = 0;
        Count = 0;
    }

    private void Grow()
    {
        var larger = new Frame[_ring!.Length * 2];
        for (var place = 0; place < Count; place++)
            larger[place] = this[place];
        _ring = larger;
        _head = 0;
    }
}
