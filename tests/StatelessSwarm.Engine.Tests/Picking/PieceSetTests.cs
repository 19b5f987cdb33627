using CsCheck;
using StatelessSwarm.Engine.Picking;

namespace StatelessSwarm.Engine.Tests.Picking;

public sealed class PieceSetTests
{
    [Fact]
    public void PieceSet_AddAndRemove_BehavesLikeASet() =>
        Gen.Select(Gen.Int[1, 200], Gen.Select(Gen.Bool, Gen.Int[0, 199]).List[0, 100])
            .Sample(
                (capacity, steps) =>
                {
                    var set = new PieceSet(capacity);
                    var model = new SortedSet<int>();
                    foreach (var (adds, number) in steps)
                    {
                        var piece = number % capacity;
                        Assert.Equal(adds ? model.Add(piece) : model.Remove(piece), adds ? set.Add(piece) : set.Remove(piece));
                    }
                    var members = new List<int>();
                    for (var piece = set.NextFrom(0); piece >= 0; piece = set.NextFrom(piece + 1))
                        members.Add(piece);
                    Assert.Equal(model, members);
                    Assert.Equal(model.Count, set.Count);
                    Assert.Equal(model.Count == capacity, set.IsFull);
                    var copy = new PieceSet(capacity);
                    copy.ReadBitfield(set.ToBitfield());
                    Assert.Equal(set.Words.ToArray(), copy.Words.ToArray());
                    Assert.Equal(set.Count, copy.Count);
                    var full = new PieceSet(capacity);
                    full.Fill();
                    Assert.Equal(capacity - model.Count, full.CountOutside(set));
                    Assert.Equal(model.Count < capacity, full.HasOutside(set));
                    Assert.False(set.HasOutside(full));
                }
            );

    [Fact]
    public void PieceSet_Bitfield_HighBitFirst()
    {
        var set = new PieceSet(10);
        set.Add(0);
        set.Add(9);
        Assert.Equal([0x80, 0x40], set.ToBitfield());
    }
}
