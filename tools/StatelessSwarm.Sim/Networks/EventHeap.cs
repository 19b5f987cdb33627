namespace StatelessSwarm.Sim.Networks;

/// <summary>
/// What happens when: in order of time and, at the same time, in order of being planned. A heap of four branches whose entries hold no
/// references (24 bytes, moved without write barriers); what is to happen lies beside it in reused slots.
/// </summary>
internal sealed class EventHeap
{
    private const int Branches = 4;

    private Entry[] _heap = new Entry[64];
    private Slot[] _slots = new Slot[64];
    private int[] _free = new int[64];
    private int _freeCount;
    private int _slotCount;
    private long _order;

    /// <summary>Events planned.</summary>
    public int Count { get; private set; }

    /// <summary>Events planned at one time at most.</summary>
    public int Most { get; private set; }

    /// <summary>When the next one is due; <see cref="VirtualClock.Never"/> without one.</summary>
    public long NextAt => Count == 0 ? VirtualClock.Never : _heap[0].At;

    /// <summary>Plans an event.</summary>
    public void Push(long at, EventTarget target, int what, long argument = 0)
    {
        var slot = _freeCount > 0 ? _free[--_freeCount] : NewSlot();
        _slots[slot] = new Slot(target, what, argument);
        if (Count == _heap.Length)
            Array.Resize(ref _heap, Count * 2);
        var entry = new Entry(at, _order++, slot);
        var place = Count++;
        if (Count > Most)
            Most = Count;
        while (place > 0)
        {
            var parent = (place - 1) / Branches;
            if (!entry.ComesBefore(_heap[parent]))
                break;
            _heap[place] = _heap[parent];
            place = parent;
        }
        _heap[place] = entry;
    }

    /// <summary>Takes the next event out; there must be one.</summary>
    public long Pop(out EventTarget target, out int what, out long argument)
    {
        var first = _heap[0];
        ref var slot = ref _slots[first.Slot];
        (target, what, argument) = (slot.Target!, slot.What, slot.Argument);
        slot.Target = null;
        if (_freeCount == _free.Length)
            Array.Resize(ref _free, _freeCount * 2);
        _free[_freeCount++] = first.Slot;
        Count--;
        if (Count > 0)
            Sink(_heap[Count]);
        return first.At;
    }

    private void Sink(Entry entry)
    {
        var heap = _heap;
        var place = 0;
        while (true)
        {
            var child = place * Branches + 1;
            if (child >= Count)
                break;
            var end = Math.Min(child + Branches, Count);
            var least = child;
            for (var other = child + 1; other < end; other++)
            {
                if (heap[other].ComesBefore(heap[least]))
                    least = other;
            }
            if (!heap[least].ComesBefore(entry))
                break;
            heap[place] = heap[least];
            place = least;
        }
        heap[place] = entry;
    }

    private int NewSlot()
    {
        if (_slotCount == _slots.Length)
            Array.Resize(ref _slots, _slotCount * 2);
        return _slotCount++;
    }

    private readonly record struct Entry(long At, long Order, int Slot)
    {
        public bool ComesBefore(in Entry other) => At != other.At ? At < other.At : Order < other.Order;
    }

    private record struct Slot(EventTarget? Target, int What, long Argument);
}
