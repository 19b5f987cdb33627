using StatelessSwarm.Fuzz.Mutation;

namespace StatelessSwarm.Fuzz.Tests.Mutation;

public sealed class MutatorTests
{
    private static readonly byte[][] Corpus = ["d3:fooi42ee"u8.ToArray(), new byte[40], []];

    [Fact]
    public void Make_SameSeedAndNumber_IsTheSameInput()
    {
        var one = new Mutator(Corpus, ["word"u8.ToArray()], 64);
        var other = new Mutator(Corpus, ["word"u8.ToArray()], 64);
        other.Make(9, 9);
        for (var number = 0; number < 500; number++)
            Assert.Equal(one.Make(7, number), other.Make(7, number));
    }

    [Fact]
    public void Make_ManyInputs_AreDifferentAndNotTooLong()
    {
        var mutator = new Mutator(Corpus, ["word"u8.ToArray()], 64);
        var made = Enumerable.Range(0, 2000).Select(number => Convert.ToHexString(mutator.Make(1, number))).ToList();
        Assert.True(made.Distinct().Count() > 1000);
        Assert.All(made, hex => Assert.InRange(hex.Length, 0, 128));
        Assert.Contains(made, hex => hex.Contains(Convert.ToHexString("word"u8), StringComparison.Ordinal));
    }

    [Fact]
    public void Make_WithoutCorpusOrWords_StillMakesInputs() =>
        Assert.Contains(Enumerable.Range(0, 50), number => new Mutator([], [], 16).Make(1, number).Length > 0);
}
