using CsCheck;
using StatelessSwarm.Node.Fetching;

namespace StatelessSwarm.Node.Tests.Fetching;

public sealed class BackoffTests
{
    [Fact]
    public void Next_AnySeed_DoublesUpToTheLongestWithinHalf() =>
        Gen.Int.Sample(seed =>
        {
            var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), new Random(seed));
            for (var failure = 0; failure < 100; failure++)
            {
                var whole = Math.Min(Math.Pow(2, failure), 60);
                var wait = backoff.Next().TotalSeconds;
                Assert.InRange(wait, (whole / 2) - 0.001, whole + 0.001);
            }
            backoff.Reset();
            Assert.InRange(backoff.Next().TotalSeconds, 0.499, 1.001);
        });
}
