using Net.Chaos.Scenarios;

namespace Net.Chaos.Running;

/// <summary>Is told how a run goes, for people who watch. Called by one thread at a time.</summary>
internal interface IRunObserver
{
    void Started(Scenario scenario, ulong seed);

    /// <summary>Something that people want to know: hosts started, load begins, and so on.</summary>
    void Note(string text);

    /// <summary>Once a second while load runs.</summary>
    void Tick(RunView view);

    void Ended(RunResult result);
}
