namespace StatelessSwarm.Aot.Tests;

public sealed class Placeholder
{
    [Fact]
    public void Assembly_Loads_Builds() => Assert.NotNull(typeof(Placeholder).Assembly);
}
